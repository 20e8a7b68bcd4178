/**
 * A Markdown table with columns of equal width.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 * @returns {string}
 */
export function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => [...(row[column] ?? '')].length)));
  /** @param {readonly string[]} row */
  const line = (row) => `| ${widths.map((width, column) => pad(row[column] ?? '', width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)].join('\n');
}

/**
 * Like padEnd, by characters in place of UTF-16 units.
 *
 * @param {string} text
 * @param {number} width
 */
function pad(text, width) {
  return text + ' '.repeat(Math.max(0, width - [...text].length));
}
