// The page of a run: what it was made with, how it went, and what came of it.
import type { RunInfo, RunOutcome } from '../logger.js';
import { barChart, escapeHtml, type LineChart, lineChart } from './chart.js';
import { format } from './scale.js';
import { type RecordedIteration, thin } from './series.js';
import { script, style } from './style.js';

export interface ReportInput {
  folder: string;
  info: RunInfo;
  /** Null while a run goes on, or after its process was killed. */
  outcome: RunOutcome | null;
  records: readonly RecordedIteration[];
}

type Field = keyof Omit<RecordedIteration, 'evaluation' | 'actions'>;

/** Charts beside that of the return: field, title, and what it means. */
const charts: readonly (readonly [Field, string, string])[] = [
  ['meanLength', 'Episode length', 'mean of the last episodes of training, in steps'],
  ['policyLoss', 'Policy loss', 'clipped surrogate; near 0 by construction'],
  ['valueLoss', 'Value loss', 'half the squared error, of scaled rewards'],
  ['approxKl', 'KL divergence', 'between the policies before and in an update, estimated'],
  ['clipFraction', 'Clip fraction', 'share of samples beyond the clip range'],
  ['entropy', 'Entropy', 'of the policy, in nats'],
  ['explainedVariance', 'Explained variance', 'of returns by the critic: 1 is perfect, 0 no better than a constant'],
  ['gradNorm', 'Gradient norm', 'over all parameters, before clipping'],
  ['learningRate', 'Learning rate', ''],
  ['clipRatio', 'Clip range', ''],
  ['entropyCoefficient', 'Entropy coefficient', ''],
  ['stepsPerSecond', 'Steps per second', 'collecting and updating'],
];

/** Of these a constant is said by the table of settings. */
const schedules: readonly Field[] = ['clipRatio', 'entropyCoefficient'];

/** Self-contained HTML: nothing is loaded from anywhere. */
export function reportPage({ folder, info, outcome, records }: ReportInput): string {
  const title = `${info.model.type} on ${info.environment.name}`;
  const end = Math.max(info.steps, ...records.slice(-1).map(({ steps }) => steps ?? 0));
  const drawn = [
    returnChart(records),
    ...charts.filter(([field]) => shown(records, field)).map((chart) => metricChart(records, info, chart)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<div class="quiet">${escapeHtml(folder)}</div>
${facts(info, outcome, records)}
${outcome?.error ? `<p class="problem"><b>${escapeHtml(outcome.error.code)}</b> ${escapeHtml(outcome.error.message)}</p>` : ''}
<h2>Training</h2>
<div class="charts">
${drawn.map((chart) => lineChart(chart, end)).join('\n')}
</div>
${actions(records)}
<h2>Settings</h2>
${table(settingsOf(info))}
<script>${script}</script>
</body>
</html>
`;
}

function shown(records: readonly RecordedIteration[], field: Field): boolean {
  return !schedules.includes(field) || new Set(records.map((record) => record[field])).size > 1;
}

function line(records: readonly RecordedIteration[], field: Field): LineChart['points'] {
  return thin(records.map((record) => ({ x: record.steps ?? 0, y: record[field] })));
}

function returnChart(records: readonly RecordedIteration[]): LineChart {
  const evaluated = records.filter(({ evaluation }) => evaluation !== undefined);
  const points = evaluated.map(({ steps, evaluation }) => ({ x: steps ?? 0, y: evaluation?.meanReturn ?? 0 }));
  return {
    title: 'Return',
    note: 'of whole episodes, undiscounted: mean of the last ones of training',
    points: line(records, 'meanReturn'),
    ...(points.length > 0 && { marks: { name: 'evaluation', points } }),
  };
}

function metricChart(
  records: readonly RecordedIteration[],
  { settings }: RunInfo,
  [field, title, note]: (typeof charts)[number],
): LineChart {
  const { anneal, desiredKl, targetKl } = settings as Record<string, number | string>;
  const level =
    Number(targetKl) > 0
      ? { name: 'targetKl', y: Number(targetKl) }
      : anneal === 'adaptive'
        ? { name: 'desiredKl', y: Number(desiredKl) }
        : undefined;
  return { title, note, points: line(records, field), ...(field === 'approxKl' && level && { level }) };
}

function facts(info: RunInfo, outcome: RunOutcome | null, records: readonly RecordedIteration[]): string {
  const last = records.at(-1);
  const best = outcome?.best;
  const evaluation = outcome?.evaluation ?? records.findLast((record) => record.evaluation)?.evaluation;
  const list: [string, string][] = [
    ['Status', outcome?.status ?? 'not ended'],
    ['Steps', `${format(outcome?.steps ?? last?.steps ?? 0)} of ${format(info.steps)}`],
    ['Return, last episodes', format(last?.meanReturn)],
    ...(evaluation
      ? [
          ['Last evaluation', `${format(evaluation.meanReturn)} ± ${format(evaluation.standardError)}`] as [
            string,
            string,
          ],
        ]
      : []),
    ['Best checkpoint', best ? `${format(best.score)} at ${format(best.steps)}` : '–'],
    ['Parameters', format(info.model.parameters)],
    ['Seed', String(info.about.seed ?? '–')],
    ['Device', `${info.device} (${info.simd}, ${info.threads} thr.)`],
  ];
  return `<dl class="facts">${list.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>`;
}

/** More dimensions would bury the rest. */
const mostDimensions = 12;

function actions(records: readonly RecordedIteration[]): string {
  const last = records.findLast((record) => record.actions);
  if (last?.actions === undefined) return '';
  const { dimensions, discrete } = last.actions;
  const named = (k: number): string =>
    dimensions.length > 1 ? `${discrete ? 'Choice' : 'Dimension'} ${k}` : 'Actions';
  const bars = dimensions
    .slice(0, mostDimensions)
    .map((dimension, k) => barChart({ title: named(k), ...dimension, discrete }));
  const rest =
    dimensions.length > mostDimensions ? `, the first ${mostDimensions} of ${dimensions.length} dimensions` : '';
  return `<h2>Actions</h2>\n<p class="quiet">How often each was taken in the rollout that ended at step ${format(last.steps)}${rest}.</p>\n<div class="bars">\n${bars.join('\n')}\n</div>`;
}

function settingsOf(info: RunInfo): [string, unknown][] {
  const { environment, model, settings, about, torsor, checkpointEvery, bestBy } = info;
  return [
    ['environments', `${environment.count} × ${environment.name}`],
    ['model', model.type],
    ...Object.entries(model.options).map(([name, value]): [string, unknown] => [`model.${name}`, value]),
    ...Object.entries(settings),
    ['checkpointEvery', checkpointEvery],
    [
      'best checkpoint by',
      bestBy === 'evaluation' ? 'mean return of the evaluation' : 'mean return of the last episodes of training',
    ],
    ...Object.entries(about),
    ['torsor', torsor],
  ];
}

function table(rows: readonly [string, unknown][]): string {
  const text = (value: unknown): string =>
    typeof value === 'string' ? value : typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? '–');
  return `<table>${rows.map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td><code>${escapeHtml(text(value))}</code></td></tr>`).join('')}</table>`;
}
