// What our docstrings mean to TypeDoc: constructors said to be internal are left out, and every name that is exported has to say what it is.
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

/** Types that are not exported but that something exported refers to. */
const supporting = 'supporting types';
/** The boundary to the native core is of no use to a reader. */
const unreadable = /\/lib\/(addon|core)\/|\/lib\/graph\/trace\.ts$|\/lib\/models\/network\.ts$/;

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    nameDocuments(project);
    removeInternal(project);
    categorize(project);
  });
  // Before what is left is sorted into groups.
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => removeUnused(app, project), 1000);
  app.on('validateProject', (project) => requireDocstrings(app, project));
}

/** A page is called as its first heading says; that of the front page would stand below the name of the project. */
function nameDocuments(project) {
  for (const page of project.documents) page.name = /^# (.+)$/m.exec(page.content[0].text)[1];
  const [front] = project.readme;
  front.text = front.text.replace(/^# .+$/m, '');
}

/** By the folder of lib/ that a name is from. */
const categories = {
  training: 'Training',
  runs: 'Runs',
  models: 'Models',
  graph: 'Models',
  envs: 'Environments',
  rollout: 'Rollouts and evaluation',
  spaces: 'Spaces',
  bijectors: 'Bijectors',
  distributions: 'Distributions',
  random: 'Randomness',
  tensor: 'Tensors',
  io: 'Files',
  addon: 'Devices, memory, threads',
  core: 'Errors',
};

function categorize(project) {
  const put = (comment, category) => {
    comment?.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: category }]));
  };
  for (const page of project.documents) {
    page.comment ??= new Comment();
    put(page.comment, 'Guide');
  }
  for (const child of project.children) {
    const file = project.getSymbolIdFromReflection(child)?.fileName ?? '';
    const folder = /\/lib\/(\w+)\//.exec(file)?.[1];
    put(commentsOf(child)[0], categories[folder] ?? folder ?? 'Supporting types');
  }
}

function commentsOf(reflection) {
  const parts = [reflection, reflection.getSignature, reflection.setSignature, ...(reflection.signatures ?? [])];
  return parts.flatMap((part) => part?.comment ?? []);
}

function removeInternal(project) {
  for (const reflection of Object.values(project.reflections)) {
    const file = project.getSymbolIdFromReflection(reflection)?.fileName ?? '';
    const texts = commentsOf(reflection).map(({ summary }) => summary.map(({ text }) => text).join(''));
    const internal = texts.some((text) => text.startsWith('Internal: '));
    if (internal || (reflection.parent?.name === supporting && unreadable.test(file))) {
      project.removeReflection(reflection);
    }
  }
}

/** What only private members referred to is there too until here. */
function removeUnused(app, project) {
  const module = project.getChildByName([supporting]);
  const used = new Set();
  const follow = (reflection) => {
    if (used.has(reflection)) return;
    used.add(reflection);
    for (const id of targetsOf(app.serializer.toObject(reflection))) {
      const target = project.getReflectionById(id);
      if (target?.parent === module) follow(target);
    }
  };
  for (const child of project.children) if (child !== module) follow(child);
  for (const child of module.children.filter((candidate) => !used.has(candidate))) project.removeReflection(child);
}

/** The ids of all reflections that a serialised one refers to. */
function targetsOf(value) {
  if (typeof value !== 'object' || value === null) return [];
  const own = value.type === 'reference' && typeof value.target === 'number' ? [value.target] : [];
  return [...own, ...Object.values(value).flatMap(targetsOf)];
}

function requireDocstrings(app, project) {
  for (const child of project.children) {
    if (child.name === supporting || child.kindOf(ReflectionKind.Reference)) continue;
    if (commentsOf(child).some((comment) => comment.hasVisibleComponent())) continue;
    app.logger.error(`${child.getFullName()} is exported and has no docstring`);
  }
}
