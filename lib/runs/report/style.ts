// What a report looks like, in light and dark, and the few lines of script that say the number under the pointer.

export const style = `
:root { color-scheme: light dark; --page: #fff; --text: #1b1f24; --quiet: #59626d; --grid: #e2e6ea; --line: #1f62c9; --spread: #1f62c933; --mark: #b4490f; --level: #59626d; --panel: #f5f7f9; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171b; --text: #e7eaed; --quiet: #9aa4af; --grid: #2b3138; --line: #79aefc; --spread: #79aefc33; --mark: #f3a35c; --level: #9aa4af; --panel: #1c2026; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 24px 16px 48px; background: var(--page); color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 32px 0 8px; }
.quiet, .note, .none { color: var(--quiet); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 230px), 1fr)); gap: 8px; margin: 16px 0; padding: 0; }
.facts div { background: var(--panel); border-radius: 6px; padding: 10px 12px; }
.facts dt { color: var(--quiet); font-size: 13px; }
.facts dd { margin: 0; font-size: 18px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.problem { border-left: 4px solid var(--mark); background: var(--panel); padding: 10px 12px; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px 24px; }
.bars { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 16px 24px; }
figure { margin: 0; min-width: 0; }
figcaption { display: flex; flex-wrap: wrap; gap: 0 10px; align-items: baseline; }
figcaption .note { flex-basis: 100%; font-size: 13px; }
output { font-variant-numeric: tabular-nums; }
.key { color: var(--mark); font-size: 13px; }
svg { width: 100%; height: auto; display: block; }
.grid { stroke: var(--grid); }
.tick { fill: var(--quiet); font-size: 11px; }
.line { fill: none; stroke: var(--line); stroke-width: 2; stroke-linejoin: round; }
.spread { fill: var(--spread); }
.mark { fill: var(--mark); stroke: var(--page); }
.level { stroke: var(--level); stroke-dasharray: 4 3; }
.bar { fill: var(--line); }
.pointer { stroke: var(--quiet); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--grid); overflow-wrap: anywhere; }
th { font-weight: 500; width: 36%; }
code { font: 13px ui-monospace, monospace; }
@media print { .charts { grid-template-columns: 1fr 1fr; } figure { break-inside: avoid; } }
`;

/** Without it the page lacks nothing but this: a line at the pointer, and the step and value there in place of the last one. */
export const script = `
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
for (const svg of document.querySelectorAll('svg[data-points]')) {
  const points = JSON.parse(svg.dataset.points);
  const output = svg.closest('figure').querySelector('output');
  const last = output.textContent;
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  line.setAttribute('class', 'pointer');
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const near = points.reduce((a, b) => (Math.abs(b[2] - x) < Math.abs(a[2] - x) ? b : a), points[0]);
    if (!near) return;
    for (const [name, value] of [['x1', near[2]], ['x2', near[2]], ['y1', 12], ['y2', 200]]) line.setAttribute(name, value);
    svg.append(line);
    output.textContent = short.format(near[1]) + ' at step ' + short.format(near[0]);
  });
  svg.addEventListener('pointerleave', () => { line.remove(); output.textContent = last; });
}
`;
