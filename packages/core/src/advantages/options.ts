import { z } from 'zod';

/** Options that all advantage estimators share. */
export const advantageOptions = {
  discount: z.number().min(0).max(1).default(0.99).describe('Discount γ, from 0 to 1'),
  normalize: z
    .boolean()
    .default(true)
    .describe('Bring the advantages of each batch to mean 0 and standard deviation 1: true or false'),
};
