import { describe, expect, it } from 'vitest';
import { duration, grouped, interval, list, number, shellWord, signed } from '../src/page/format.js';
import { escapeHtml, html } from '../src/page/html.js';

describe('numbers in print', () => {
  it.each([
    [0, '0'],
    [-11.634, '−11.63'],
    [123.456, '123.5'],
    [0.0099812, '0.00998'],
    [-0.00000123, '−1.2e−6'],
    [2_500_000, '2.50e+6'],
    [Number.NaN, 'not finite'],
  ])('%f is %s', (value, printed) => expect(number(value)).toBe(printed));

  it('have thin spaces between thousands where they are counts', () => {
    expect([7, 455_157, 1_000_000].map(grouped)).toEqual(['7', '455\u2009157', '1\u2009000\u2009000']);
  });

  it('have signs, intervals with equal decimals, and units', () => {
    expect([signed(2), signed(-2), signed(0)]).toEqual(['+2.00', '−2.00', '0']);
    expect([interval(-3.23, 0.7), interval(-120, 3), interval(0.5, 0.02), interval(-3, undefined)]).toEqual([
      '−3.23 ± 0.70',
      '−120.0 ± 3.0',
      '0.5 ± 0.02',
      '−3.00',
    ]);
    expect([duration(0.42), duration(59.999), duration(200), duration(7500)]).toEqual([
      '0.42 s',
      '1 min 0 s',
      '3 min 20 s',
      '2 h 5 min',
    ]);
  });
});

describe('text', () => {
  it('is joined, quoted and escaped', () => {
    expect([list([]), list(['a']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
    expect([shellWord('runs/a-1.yaml'), shellWord('a b'), shellWord("it's"), shellWord('$(x)')]).toEqual([
      'runs/a-1.yaml',
      "'a b'",
      `'it'\\''s'`,
      "'$(x)'",
    ]);
    expect(escapeHtml(`<a href="x">&'`)).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&#39;');
    expect(html`<p>${'<'}${html`<b>${1}</b>`}${['&', null, false]}</p>`.source).toBe('<p>&lt;<b>1</b>&amp;</p>');
  });
});
