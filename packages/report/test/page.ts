import { parseHTML } from 'linkedom';

/** What the tests read of an element. */
export interface PageElement {
  readonly tagName: string;
  readonly textContent: string;
  readonly children: ArrayLike<PageElement>;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  getAttribute(name: string): string | null;
  querySelector(selectors: string): PageElement | null;
  querySelectorAll(selectors: string): Iterable<PageElement>;
}

/** Parses a page. */
export function parsePage(source: string): PageElement {
  return parseHTML(source).document.documentElement as unknown as PageElement;
}

/** All elements that match. */
export function all(root: PageElement, selectors: string): PageElement[] {
  return [...root.querySelectorAll(selectors)];
}

/** The only element that matches. */
export function one(root: PageElement, selectors: string): PageElement {
  const found = all(root, selectors);
  if (found.length !== 1) throw new Error(`${selectors}: expected one element, found ${found.length}`);
  return found[0] as PageElement;
}

/** The section under a heading. */
export function section(root: PageElement, heading: string): PageElement {
  const found = all(root, 'section').filter((element) => element.querySelector('h2')?.textContent === heading);
  if (found.length !== 1) throw new Error(`'${heading}': expected one section, found ${found.length}`);
  return found[0] as PageElement;
}

/** All numbers in an attribute, such as the coordinates of a path. */
export function numbers(element: PageElement, attribute: string): number[] {
  return (element.getAttribute(attribute) ?? '').match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
}

/** Text with runs of white space as one space. */
export function text(element: PageElement): string {
  return element.textContent.replace(/\s+/g, ' ').trim();
}
