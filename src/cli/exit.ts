/** Exit codes of the contract; beyond it those of sysexits.h. */
export const EXIT = {
  ok: 0,
  /** The command could not do its work, or a stop took too long. */
  failed: 1,
  /** Unknown option, command or value on the command line. */
  usage: 2,
  /** Something nobody foresaw; the log has it. */
  internal: 70,
  /** The configuration is at fault. */
  config: 78,
} as const

/** What was typed cannot be understood. One line; exit code 2 unless another is given. */
export class UsageError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT.usage) {
    super(message)
    this.name = 'UsageError'
    this.exitCode = exitCode
  }
}
