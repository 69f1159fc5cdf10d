// An animated SVG from pictures that follow each other.

export interface AnimationOptions {
  width: number;
  height: number;
  framesPerSecond: number;
  /** For readers of the picture that do not see it. */
  title: string;
}

/** Every frame is shown for its share of the time and hidden otherwise; then it starts again. Viewers without animation show the first. */
export function animate(
  frames: readonly string[],
  { width, height, framesPerSecond, title }: AnimationOptions,
): string {
  const seconds = frames.length / framesPerSecond;
  const share = (k: number) => Number((k / frames.length).toFixed(6));
  const shown = frames.map((frame, k) => {
    const [begin, end] = [share(k), share(k + 1)];
    const times = begin === 0 ? [0, end] : [0, begin, end];
    const values = begin === 0 ? ['visible', 'hidden'] : ['hidden', 'visible', 'hidden'];
    const timing = `dur="${seconds}s" calcMode="discrete" repeatCount="indefinite"`;
    const animation = `<animate attributeName="visibility" ${timing} keyTimes="${times.join(';')}" values="${values.join(';')}"/>`;
    return `<g visibility="${k === 0 ? 'visible' : 'hidden'}">${frames.length > 1 ? animation : ''}${frame}</g>`;
  });
  const escaped = title.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escaped}</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...shown,
    '</svg>\n',
  ].join('\n');
}
