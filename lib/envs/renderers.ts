// Pictures of native environments, drawn from their observations: the inside of an SVG of 600 x 400 units.

type Renderer = (observation: Float32Array) => string;

const number = (x: number) => Number(x.toFixed(2));

/** [position, velocity, angle, angular velocity], as in Gymnasium: the track is 4.8 m wide, the pole 1 m long. */
function cartPole(observation: Float32Array): string {
  const [position = 0, , angle = 0] = observation;
  const scale = 600 / 4.8;
  const [x, y] = [number(300 + position * scale), 300];
  const length = scale;
  const tip = [number(x + length * Math.sin(angle)), number(y - length * Math.cos(angle))];
  return [
    `<line x1="0" y1="${y}" x2="600" y2="${y}" stroke="black"/>`,
    `<rect x="${number(x - 25)}" y="${y - 15}" width="50" height="30" fill="black"/>`,
    `<line x1="${x}" y1="${y}" x2="${tip[0]}" y2="${tip[1]}" stroke="#ca9865" stroke-width="10" stroke-linecap="round"/>`,
    `<circle cx="${x}" cy="${y}" r="5" fill="#8184cb"/>`,
  ].join('');
}

/** [cos θ, sin θ, angular velocity]; θ = 0 is upright, and grows against the clock. */
function pendulum(observation: Float32Array): string {
  const [cosine = 1, sine = 0] = observation;
  const length = 150;
  const tip = [number(300 - length * sine), number(200 - length * cosine)];
  return [
    `<line x1="300" y1="200" x2="${tip[0]}" y2="${tip[1]}" stroke="#cc4d4d" stroke-width="24" stroke-linecap="round"/>`,
    '<circle cx="300" cy="200" r="6" fill="black"/>',
  ].join('');
}

const renderers: Readonly<Record<string, Renderer>> = { 'CartPole-v1': cartPole, 'Pendulum-v1': pendulum };

/** How an environment of this name is drawn; undefined where nobody knows. */
export function rendererOf(name: string): Renderer | undefined {
  return renderers[name];
}
