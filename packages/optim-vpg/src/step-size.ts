/** α of adaptation step j, from one number for all steps or one for each, the last repeated. */
export function stepSizeAt(learningRate: number | readonly number[], step: number): number {
  if (typeof learningRate === 'number') return learningRate;
  return learningRate[Math.min(step, learningRate.length - 1)] as number;
}
