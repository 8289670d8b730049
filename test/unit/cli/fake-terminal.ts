import type { SignalName, Terminal } from '../../../src/cli/index.js'

/** A terminal whose output can be looked at and whose signals are sent by hand. */
export class FakeTerminal implements Terminal {
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string
  printed = ''
  complaints: string[] = []
  readonly exits: number[] = []
  #onSignal: (signal: SignalName) => void = () => undefined
  #onCrash: (thrown: unknown) => void = () => undefined

  constructor(workingDir: string, env: Readonly<Record<string, string>> = {}) {
    this.workingDir = workingDir
    this.env = { CAMERA_SERVICE_LOGGING_LEVEL: 'fatal', ...env }
  }

  print(text: string): void {
    this.printed += text
  }

  complain(line: string): void {
    this.complaints.push(line)
  }

  onSignal(listener: (signal: SignalName) => void): void {
    this.#onSignal = listener
  }

  onCrash(listener: (thrown: unknown) => void): void {
    this.#onCrash = listener
  }

  exit(code: number): void {
    this.exits.push(code)
  }

  signal(name: SignalName): void {
    this.#onSignal(name)
  }

  crash(thrown: unknown): void {
    this.#onCrash(thrown)
  }
}
