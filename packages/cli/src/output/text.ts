import { relative, resolve } from 'node:path';

/** Writes a line to standard output. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Columns of equal width, two spaces apart; numbers are best given right-aligned already. */
export function table(rows: readonly (readonly string[])[], rightAligned: readonly number[] = []): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), []);
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          rightAligned.includes(i) ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A paragraph in lines of at most so many characters, where its words allow. What stands in backticks stays on one line. */
export function wrap(text: string, width: number): string[] {
  const words = text.match(/(?:[^\s`]|`[^`]*`)+/g) ?? [];
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** A return with two decimals, or five digits where it is large; what rounds to 0 has no sign. */
export function formatReturn(value: number): string {
  return Math.abs(value) < 1e5 ? value.toFixed(2).replace(/^-(0\.00)$/, '$1') : value.toPrecision(5);
}

/** Three significant digits. */
export function formatSmall(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

/** `45 s`, `2 min 10 s`, `1 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A path as the user would type it: relative where that is shorter and stays inside. */
export function displayPath(path: string): string {
  const short = relative(process.cwd(), resolve(path));
  return short === '' ? '.' : short.startsWith('..') ? resolve(path) : short;
}

/** A command line that can be copied into a shell. */
export function commandLine(...words: readonly string[]): string {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return ['npx innerloop', ...quoted].join(' ');
}

/** Whether a stream takes colours and cursor movements. */
export function isTerminal(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && process.env.TERM !== 'dumb';
}

const CODES = { red: 31, green: 32, yellow: 33, bold: 1 } as const;

/** Colours a text for a terminal, unless NO_COLOR is set. */
export function paint(stream: NodeJS.WriteStream, colour: keyof typeof CODES, text: string): string {
  return isTerminal(stream) && !process.env.NO_COLOR ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
}
