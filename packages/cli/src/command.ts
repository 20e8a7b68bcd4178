import { didYouMean, InnerloopError, quoteAll } from '@innerloop/core';
import { Command, CommanderError, type Option } from 'commander';

/** A command whose mistakes are reported as every other error is: what was expected, what was found, the nearest name. */
export class InnerloopCommand extends Command {
  constructor(name?: string) {
    super(name);
    this.exitOverride();
    this.configureOutput({ outputError: () => {} });
    this.showSuggestionAfterError(false);
  }

  override createCommand(name?: string): InnerloopCommand {
    return new InnerloopCommand(name);
  }

  /** Called by commander for an option that it does not know. */
  unknownOption(flag: string): void {
    const flags = this.lineage().flatMap((command) => command.createHelp().visibleOptions(command).map(flagOf));
    throw new InnerloopError(
      'OPTION_INVALID',
      `${this.fullName()}: expected one of the options ${quoteAll([...new Set(flags)])}, found '${flag}'${didYouMean(flag, flags)}`,
    );
  }

  /** Called by commander for a command that it does not know. */
  unknownCommand(): void {
    const names = this.createHelp()
      .visibleCommands(this)
      .map((command) => command.name());
    const found = this.args[0] ?? '';
    throw new InnerloopError(
      'OPTION_INVALID',
      `${this.fullName()}: expected one of the commands ${quoteAll(names)}, found '${found}'${didYouMean(found, names)}`,
    );
  }

  /** This command and those that it belongs to. */
  private lineage(): InnerloopCommand[] {
    return this.parent instanceof InnerloopCommand ? [this, ...this.parent.lineage()] : [this];
  }

  private fullName(): string {
    return this.lineage()
      .map((command) => command.name())
      .reverse()
      .join(' ');
  }
}

/** What commander threw, as an error of ours; `undefined` if it only showed help or the version. */
export function fromCommander(error: CommanderError): InnerloopError | undefined {
  if (error.exitCode === 0) return undefined;
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new InnerloopError('OPTION_INVALID', `${message}; see innerloop --help`, { cause: error });
}

export { CommanderError };

function flagOf({ long, short }: Option): string {
  return long ?? short ?? '';
}
