// Fails when an import goes against the direction of dependencies in DESIGN.md, in TypeScript or C++. Prints the size of every room.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

// Lowest first. A room imports from itself and from the rows below it; two rooms of one row not both ways.
const languages = [
  {
    folder: 'lib',
    files: /\.ts$/,
    longest: 200,
    imports: /(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g,
    resolve: (file, target) => path.posix.join(path.posix.dirname(file), target).replace(/\.js$/, '.ts'),
    rows: [
      ['core'],
      ['addon'],
      ['tensor'],
      ['bijectors', 'spaces', 'random', 'io'],
      ['graph', 'distributions'],
      ['onnx'],
      ['models'],
      ['rollout', 'envs'],
      ['training'],
      ['runs'],
      ['cli'],
      ['index.ts'],
    ],
    // Files that do not stand where their folder does.
    placed: [],
  },
  {
    folder: 'native',
    files: /\.(h|cc|cu)$/,
    longest: 300,
    imports: /^\s*#\s*include\s*"([^"]+)"/gm,
    // From native/, as the compiler is told, or else beside the file.
    resolve: (file, target, exists) => (exists(target) ? target : path.posix.join(path.posix.dirname(file), target)),
    rows: [['math'], ['device'], ['ops'], ['program'], ['training', 'envs'], ['napi']],
    placed: [
      { file: /^program\/(instruction|noise|pack)\.h$|^ops\/memory\.h$/, room: 'device' }, // plain data that tiles and ops work on
      { file: /^device\/\w+\/environments\.(cc|cu)$/, room: 'envs' }, // they compile the environments for a device
      { file: /\.(simd\.cc|cu)$|^device\/cuda\/(block|gradient)\.h$/, room: 'program' }, // they compile the program for one instruction set or device
    ],
  },
];

/** Words that belong to one folder of native/. */
const words = [
  { pattern: /cuda|cudnn|cublas/i, home: 'device/cuda/' },
  { pattern: /\bnapi\b|napi_/i, home: 'napi/' },
];

function filesOf(folder, pattern) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

function withoutComments(text) {
  const blank = (comment) => comment.replace(/[^\n]/g, ' ');
  // A string is matched first, so that a // inside it does not start a comment.
  return text.replace(/(["'`])(?:\\.|(?!\1)[^\\\n])*\1|\/\*[\s\S]*?\*\/|\/\/.*/g, (m) => (m[0] === '/' ? blank(m) : m));
}

function roomOf(language, file) {
  return language.placed.find((exception) => exception.file.test(file))?.room ?? file.split('/')[0];
}

function wrongImports(language, sources) {
  const row = (room) => language.rows.findIndex((rooms) => rooms.includes(room));
  const problems = [];
  const between = new Map(); // 'a b' → the first file of room a that imports room b
  for (const [file, text] of sources) {
    const room = roomOf(language, file);
    if (row(room) < 0) problems.push(`${language.folder}/${file}: DESIGN.md knows no room '${room}'`);
    for (const [, target] of text.matchAll(language.imports)) {
      const imported = language.resolve(file, target, (name) => sources.has(name));
      const other = roomOf(language, imported);
      if (other === room || row(other) < 0 || row(room) < 0) continue;
      if (row(other) > row(room)) {
        problems.push(
          `${language.folder}/${file}: '${room}' must not import '${imported}' of '${other}', which stands above it`,
        );
      } else if (row(other) === row(room)) {
        between.set(`${room} ${other}`, file);
        const back = between.get(`${other} ${room}`);
        if (back) problems.push(`${language.folder}/${file} and ${back}: '${room}' and '${other}' import each other`);
      }
    }
  }
  return problems;
}

function wrongWords(sources) {
  const problems = [];
  for (const [file, text] of sources) {
    // A header that is compiled for both devices may ask which compiler reads it, and include what belongs to that device.
    const code = text.replace(/__CUDACC__/g, '').replace(/#\s*include\s*"device\/[^"]*"/g, '');
    for (const { pattern, home } of words) {
      const line = code.split('\n').findIndex((each) => pattern.test(each)) + 1;
      if (line > 0 && !file.startsWith(home)) {
        problems.push(`native/${file}:${line}: '${pattern.exec(code)[0]}' belongs in native/${home}`);
      }
    }
  }
  return problems;
}

/** Problems of the tree at `root`, and lines about the size of its rooms. */
export function inspect(root) {
  const problems = [];
  const sizes = [];
  for (const language of languages) {
    const folder = path.join(root, language.folder);
    const sources = new Map();
    const rooms = new Map();
    for (const file of filesOf(folder, language.files)) {
      const text = readFileSync(path.join(folder, file), 'utf8');
      sources.set(file, withoutComments(text));
      const room = rooms.get(file.split('/')[0]) ?? [];
      room.push({ file, lines: text.split('\n').length - 1 });
      rooms.set(file.split('/')[0], room);
    }
    problems.push(...wrongImports(language, sources));
    if (language.folder === 'native') problems.push(...wrongWords(sources));
    for (const [room, files] of rooms) {
      const lines = files.reduce((sum, each) => sum + each.lines, 0);
      sizes.push(
        `${`${language.folder}/${room}`.padEnd(24)} ${String(files.length).padStart(3)} files ${String(lines).padStart(6)} lines`,
      );
      for (const each of files) {
        if (each.lines > language.longest)
          sizes.push(`  long: ${each.file} has ${each.lines} lines (guidance: ${language.longest})`);
      }
    }
  }
  return { problems, sizes };
}

if (process.argv[1] === import.meta.filename) {
  const { problems, sizes } = inspect(process.argv[2] ?? path.join(import.meta.dirname, '..'));
  for (const line of sizes) console.log(line);
  for (const problem of problems) console.error(problem);
  console.log(`layers: ${problems.length} problem${problems.length === 1 ? '' : 's'}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
