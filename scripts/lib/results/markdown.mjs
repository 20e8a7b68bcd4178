/** What the sections of docs/results.md are written with. */

/** A number with a true minus sign; what rounds to 0 has none. */
export function number(value, decimals = 2) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

/** `−2.04 ± 1.06`, or the mean alone. */
export function interval(mean, half) {
  return half === undefined || half === null ? number(mean) : `${number(mean)} ± ${number(half)}`;
}

/** `1 seed`, `3 seeds`. */
export function count(amount, noun) {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** `98 117`. */
export function wholeNumber(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** `4.3 s`, `2 min 5 s`, `1 h 5 min`. */
export function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A block of shell commands. */
export function shell(lines) {
  return `\`\`\`sh\n${lines.join('\n')}\n\`\`\``;
}

/** A bullet for each different set of versions, backend and machine. */
export function madeWith(records) {
  const texts = records.map(({ innerloop, node, backend, workers, fusedMultiplyAdd, machine }) => {
    const { cpu, cores, memory, platform } = machine;
    const fused = fusedMultiplyAdd ? 'with' : 'without';
    return `Innerloop ${innerloop}, Node ${node}, backend ${backend}, ${count(workers, 'worker')}, kernels ${fused} fused multiply-add; ${cpu}, ${count(cores, 'core')}, ${(memory / 2 ** 30).toFixed(1)} GiB, ${platform}.`;
  });
  return [...new Set(texts)].map((text) => `- ${text}`).join('\n');
}
