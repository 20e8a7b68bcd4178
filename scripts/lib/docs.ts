import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { filesBelow, ROOT } from './workspace.mjs';

/** Reading the project's Markdown, and the little of TypeScript that it must agree with. */

/** Every Markdown file of the project, as paths from the root. */
export function markdownFiles(): string[] {
  return (filesBelow(ROOT) as string[])
    .filter((path) => path.endsWith('.md'))
    .map((path) => relative(ROOT, path).split(sep).join('/'));
}

/** Reads a file from the root. */
export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Markdown without fenced and indented code and comments, where a `#` or a link means nothing. */
function prose(markdown: string): string {
  return markdown
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/^( {4}|\t).*$/gm, '')
    .replace(/<!--[\s\S]*?-->/g, '');
}

/** The texts of the headings of a level, without backticks. */
export function headings(markdown: string, level: number): string[] {
  const marks = '#'.repeat(level);
  return [...prose(markdown).matchAll(new RegExp(`^${marks} (.+)$`, 'gm'))].map(([, text = '']) =>
    text.replaceAll('`', '').trim(),
  );
}

/** The text below a heading of level 2, to the next one. */
export function section(markdown: string, heading: string): string {
  const parts = markdown.split(/^## /m).slice(1);
  const found = parts.find((part) => part.split('\n')[0]?.replaceAll('`', '').trim() === heading);
  if (found === undefined) throw new Error(`there is no section '${heading}'`);
  return found.slice(found.indexOf('\n'));
}

/** The rows of every table, cell by cell, without head and rule. An escaped `\|` stays in its cell. */
export function tables(markdown: string): { readonly head: string[]; readonly rows: string[][] }[] {
  return [...prose(markdown).matchAll(/(?:^\|.*\|\n?)+/gm)].map(([text]) => {
    const lines = text.trim().split('\n').map(cells);
    return { head: lines[0] ?? [], rows: lines.slice(2) };
  });
}

function cells(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** What is between backticks. */
export function codeSpans(markdown: string): string[] {
  return [...prose(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** The command lines of fences marked `sh`, without comments. */
export function commandLines(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, text = '']) =>
    text
      .split('\n')
      .map((line) => line.replace(/(^| +)# .*$/, '').trim())
      .filter((line) => line !== ''),
  );
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchors(markdown: string): string[] {
  const texts = [...prose(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) => text);
  const seen = new Map<string, number>();
  return texts.map((text) => {
    const slug = text
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

/** The relative links of a page that lead nowhere: no such file, or no such heading in it. */
export function brokenLinks(file: string, markdown: string): string[] {
  const targets = [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const place = path === '' ? join(ROOT, file) : resolve(join(ROOT, dirname(file)), path);
      if (!existsSync(place)) return true;
      return anchor !== undefined && !(place.endsWith('.md') && anchors(readFileSync(place, 'utf8')).includes(anchor));
    })
    .map((target) => `${file}: ${target}`);
}

/** The members of an exported object type, each with the members of its own object type. */
export function membersOf(file: string, typeName: string): Map<string, string[]> {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const found = source.statements.filter(ts.isTypeAliasDeclaration).find(({ name }) => name.text === typeName);
  if (!found || !ts.isTypeLiteralNode(found.type)) throw new Error(`${file} has no object type '${typeName}'`);
  return new Map(
    found.type.members.filter(ts.isPropertySignature).map(({ name, type }) => {
      const inner = type && ts.isTypeLiteralNode(type) ? type.members.filter(ts.isPropertySignature) : [];
      return [memberName(name), inner.map((member) => memberName(member.name))];
    }),
  );
}

function memberName(name: ts.PropertyName): string {
  if (ts.isIdentifier(name) || ts.isStringLiteral(name)) return name.text;
  throw new Error(`a name that is not written out: ${name.getText()}`);
}

/** Whether a TypeScript file declares a function, method, class or constant of this name. */
export function declares(file: string, name: string): boolean {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  let found = false;
  const visit = (node: ts.Node): void => {
    const named =
      ts.isFunctionDeclaration(node) ||
      ts.isMethodDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isVariableDeclaration(node);
    if (named && node.name?.getText() === name) found = true;
    if (!found) ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
