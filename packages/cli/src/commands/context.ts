import type { Command } from 'commander';

/** What a command tells `main`. */
export interface CommandContext {
  /** 0 unless a command says otherwise. */
  exitCode: number;
}

/** Adds one command to the program. */
export type AddCommand = (program: Command, context: CommandContext) => void;
