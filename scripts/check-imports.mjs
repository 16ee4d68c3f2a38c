/**
 * Holds the import arrow of `docs/architecture.md` and keeps the platform out of everything else:
 *
 * - a room imports only the rooms that `MAY_IMPORT` grants it;
 * - Node's modules and the browser's globals appear only where `PLATFORM_FILES` says;
 * - a package is imported only by the rooms that `PACKAGES` names;
 * - nothing compiles code at run time (`eval`, `Function`), which a content security policy forbids.
 *
 * Run by `npm run lint`; exits with 1 and one line per violation.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { ROOT } from './virtual-modules.mjs';

/**
 * What each room of `src/` may import besides itself: a room, or one file of it. `type:` grants types only. Files
 * directly in `src/` are entries and may import everything.
 * @type {Record<string, string[]>}
 */
const MAY_IMPORT = {
  util: [],
  schema: ['util'],
  kernels: ['util', 'type:schema/types.ts'],
  quant: ['type:index/index.ts', 'kernels', 'schema', 'util'],
  filter: ['kernels', 'schema', 'util'],
  builder: ['schema', 'util'],
  text: ['schema', 'util'],
  storage: ['schema', 'util'],
  index: ['quant', 'kernels', 'schema', 'util'],
  'scalar-index': ['filter', 'schema', 'util'],
  segment: ['index', 'quant', 'scalar-index', 'filter', 'storage', 'kernels', 'schema', 'util'],
  exec: ['type:engine/client.ts', 'segment', 'index', 'quant', 'scalar-index', 'filter', 'text', 'storage', 'kernels', 'schema', 'util'],
  tools: ['kernels', 'schema', 'util'],
  worker: ['util', 'type:index/index.ts', 'type:kernels/load.ts', 'type:storage/store.ts', 'type:platform/platform.ts'],
  engine: ['exec', 'segment', 'index', 'quant', 'scalar-index', 'filter', 'text', 'schema', 'storage', 'worker', 'kernels', 'util', 'type:platform/platform.ts'],
  check: ['type:engine/client.ts', 'engine/garbage.ts', 'engine/log-header.ts', 'engine/log-record.ts', 'engine/recovery.ts', 'segment', 'index', 'scalar-index', 'filter', 'schema', 'storage', 'kernels', 'util'],
  api: ['engine/client.ts', 'schema', 'util', 'type:platform/platform.ts'],
  arrow: ['api', 'schema'],
  io: ['api', 'arrow/table.ts', 'engine/client.ts', 'schema', 'util', 'type:platform/platform.ts'],
  milvus: ['api', 'io', 'engine/client.ts', 'schema', 'util', 'type:platform/platform.ts'],
  server: ['api', 'io', 'milvus', 'engine/client.ts', 'schema', 'util', 'type:platform/platform.ts'],
  cli: ['storage/encrypted.ts', 'api', 'check', 'io', 'milvus', 'server', 'engine/client.ts', 'schema', 'util', 'type:storage/store.ts', 'type:kernels/load.ts', 'type:platform/platform.ts'],
  platform: ['storage', 'kernels', 'util', 'worker'],
};

/** Packages by the rooms (or files) that may import them; `type:` grants types only. */
const PACKAGES = {
  comlink: ['worker', 'type:platform'],
  commander: ['cli'],
  idb: ['storage'],
  // Of which copy Tables are made is for users to say: in a page io/ is given it.
  'apache-arrow': ['arrow', 'node-io.ts', 'type:io'],
  hyparquet: ['io'],
  'hyparquet-compressors': ['io'],
  fzstd: ['io'],
  'hyparquet-writer': ['io'],
};

/** Where Node's modules and the hosts' globals may be used. */
const PLATFORM_FILES = [/^platform\/(?!platform\.ts$)/, /^storage\/(fs|idb|opfs|local|web-storage)\b/, /^server\//, /^cli(\/|\.ts$)/];

const HOST_GLOBALS = new Set(['window', 'document', 'navigator', 'indexedDB', 'localStorage', 'process', 'Buffer', 'Worker', 'BroadcastChannel', 'require', '__dirname']);

/**
 * @param {string} file path from `src/`, with `/`
 * @param {string} text its source
 * @returns {string[]} one line per violation
 */
export function checkFile(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const room = file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
  const isPlatform = PLATFORM_FILES.some((pattern) => pattern.test(file));
  /** @type {string[]} */
  const found = [];
  /** @param {ts.Node} node @param {string} message */
  const report = (node, message) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push(`src/${file}:${line + 1} ${message}`);
  };

  if (room !== '' && !(room in MAY_IMPORT)) found.push(`src/${file} lies in a room that scripts/check-imports.mjs does not know`);

  /** @param {ts.Node} node @param {string} specifier @param {boolean} typeOnly */
  const checkImport = (node, specifier, typeOnly) => {
    if (specifier.startsWith('.')) {
      const target = posix.normalize(posix.join(posix.dirname(file), specifier));
      if (target.startsWith('..')) return report(node, `imports ${specifier}, outside of src/`);
      if (room === '' || target.startsWith(`${room}/`)) return undefined;
      if (target === 'platform/platform.ts' && typeOnly) return undefined;
      const granted = (MAY_IMPORT[room] ?? []).some((grant) => covers(grant, target, typeOnly));
      return granted ? undefined : report(node, `may not import ${target}${typeOnly ? ' (type)' : ''}`);
    }
    if (specifier.startsWith('elanus:')) return room === '' || room === 'platform' ? undefined : report(node, `may not import ${specifier}`);
    if (specifier.startsWith('node:')) return isPlatform ? undefined : report(node, `may not import ${specifier}: Node's modules belong to platform/`);
    const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
    const grants = PACKAGES[/** @type {keyof typeof PACKAGES} */ (name)];
    if (grants === undefined) return ['server', 'cli', 'milvus'].includes(room) ? undefined : report(node, `imports the package ${name}, which PACKAGES does not list`);
    return grants.some((grant) => covers(grant, file, typeOnly)) ? undefined : report(node, `may not import ${name}`);
  };

  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      checkImport(node, node.moduleSpecifier.text, isTypeOnlyImport(node));
      return;
    }
    if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      checkImport(node, node.moduleSpecifier.text, node.isTypeOnly);
      return;
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      checkImport(node, node.argument.literal.text, true);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteral(argument)) checkImport(node, argument.text, false);
      // The form in which bundlers know an asset, and emit it.
      else if (!/^new URL\('\.\/[\w-]+\.js', import\.meta\.url\)\.href$/.test(argument?.getText(source) ?? '')) report(node, 'imports a computed path, which bundlers cannot follow');
    }
    if (ts.isIdentifier(node) && isReference(node)) {
      if (node.text === 'eval') report(node, 'uses eval');
      if (node.text === 'Function' && (ts.isNewExpression(node.parent) || ts.isCallExpression(node.parent)) && node.parent.expression === node) report(node, 'compiles code with Function');
      if (!isPlatform && HOST_GLOBALS.has(node.text)) report(node, `uses ${node.text}, which belongs to platform/`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** @param {string} grant @param {string} target @param {boolean} typeOnly */
function covers(grant, target, typeOnly) {
  const path = grant.startsWith('type:') ? grant.slice(5) : grant;
  if (grant.startsWith('type:') && !typeOnly) return false;
  return path.endsWith('.ts') ? target === path : target.startsWith(`${path}/`);
}

/** @param {ts.ImportDeclaration} node */
function isTypeOnlyImport(node) {
  const clause = node.importClause;
  if (!clause) return false;
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  return !clause.name && !!named && ts.isNamedImports(named) && named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

/** True for an identifier that reads a variable: no property, no key, no declaration, no type. @param {ts.Identifier} node */
function isReference(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return parent.expression.kind === ts.SyntaxKind.Identifier && /** @type {ts.Identifier} */ (parent.expression).text === 'globalThis';
  }
  if (ts.isTypeReferenceNode(parent) || ts.isTypeQueryNode(parent) || ts.isQualifiedName(parent)) return false;
  if (ts.isExpressionWithTypeArguments(parent) && ts.isHeritageClause(parent.parent) && ts.isInterfaceDeclaration(parent.parent.parent)) return false;
  if ('name' in parent && parent.name === node && !ts.isShorthandPropertyAssignment(parent)) return false;
  if (ts.isBindingElement(parent) && parent.propertyName === node) return false;
  if (ts.isLabeledStatement(parent) || ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false;
  return true;
}

/** @param {string} [src] @returns {string[]} */
export function checkTree(src = join(ROOT, 'src')) {
  const files = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(src, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  return files.flatMap((file) => checkFile(file, readFileSync(join(src, file), 'utf8')));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const violations = checkTree();
  for (const line of violations) console.error(line);
  if (violations.length > 0) console.error(`\n${violations.length} ${violations.length === 1 ? 'import' : 'imports'} against the arrow.`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
