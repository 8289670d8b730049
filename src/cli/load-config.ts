import type { LoadedConfig, Setting } from '../config/index.js'
import type { Terminal } from './command.js'

/** The configuration for one command; `onlyLooks`: for one that writes nothing. Throws ConfigError. */
export async function loadFor(
  terminal: Terminal,
  file: string | undefined,
  options: readonly Setting[] = [],
  onlyLooks = false,
): Promise<LoadedConfig> {
  const { loadConfig } = await import('../config/index.js')
  const { env, workingDir } = terminal
  return loadConfig({ env, workingDir, options, onlyLooks, ...(file !== undefined && { file }) })
}
