/** Mean and variance of vectors that come one at a time or in groups, in one pass. */
export class RunningMoments {
  /** How many vectors. */
  count = 0;
  /** `[dim]`. */
  readonly mean: Float64Array;
  /** Sum of squared deviations from the mean, `[dim]`. */
  readonly squares: Float64Array;

  constructor(dimension: number) {
    this.mean = new Float64Array(dimension);
    this.squares = new Float64Array(dimension);
  }

  /** Adds one vector `[dim]` (Welford 1962, "Note on a Method for Calculating Corrected Sums of Squares and Products"). */
  add(vector: ArrayLike<number>): void {
    const { mean, squares } = this;
    this.count += 1;
    for (let d = 0; d < mean.length; d++) {
      const value = vector[d] as number;
      const before = value - (mean[d] as number);
      mean[d] = (mean[d] as number) + before / this.count;
      squares[d] = (squares[d] as number) + before * (value - (mean[d] as number));
    }
  }

  /** Adds all vectors of another (Chan, Golub and LeVeque 1979, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances"). */
  merge(other: RunningMoments): void {
    if (other.count === 0) return;
    const total = this.count + other.count;
    for (let d = 0; d < this.mean.length; d++) {
      const gap = (other.mean[d] as number) - (this.mean[d] as number);
      this.mean[d] = (this.mean[d] as number) + (gap * other.count) / total;
      this.squares[d] =
        (this.squares[d] as number) + (other.squares[d] as number) + (gap * gap * this.count * other.count) / total;
    }
    this.count = total;
  }

  /** The population variance of dimension d; 1 before anything was added. */
  variance(d: number): number {
    return this.count === 0 ? 1 : (this.squares[d] as number) / this.count;
  }
}
