/** Figures and counts in words, the way they are printed. */

/** A number with about three significant figures and a true minus sign: `−11.63`, `0.00998`, `1.2e−7`. */
export function number(value: number): string {
  return plain(value).replaceAll('-', '−');
}

function plain(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return 'not finite';
  if (size === 0) return '0';
  if (size >= 1e6) return value.toExponential(2);
  if (size >= 100) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  if (size >= 1e-4) return String(Number(value.toPrecision(3)));
  return value.toExponential(1);
}

/** A number with its sign, `+` included. */
export function signed(value: number): string {
  return value > 0 ? `+${number(value)}` : number(value);
}

/** A mean with the half-width of its interval: `−11.63 ± 0.82`. */
export function interval(mean: number, halfWidth: number | undefined): string {
  if (halfWidth === undefined) return number(mean);
  // Both with the same number of decimals, so that they can be compared at a glance.
  const decimals = Math.max(Math.abs(mean), halfWidth) >= 100 ? 1 : 2;
  const coarse = Math.max(Math.abs(mean), halfWidth) < 1;
  if (coarse) return `${number(mean)} ± ${number(halfWidth)}`;
  return `${mean.toFixed(decimals)} ± ${halfWidth.toFixed(decimals)}`.replaceAll('-', '−');
}

/** A whole number with thin spaces between thousands: `455 157`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

/** A count with its noun: `1 task`, `3 tasks`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Seconds as people say them: `0.42 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 59.995) return `${number(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}

/** A word for a POSIX shell, quoted only if it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
