import { CONFIG_OPTION, type Command, textOf } from './command.js'
import { EXIT } from './exit.js'
import { loadFor } from './load-config.js'

export const secretRotateCommand: Command = {
  name: 'secret rotate',
  summary:
    'Makes a new secret for tokens. Those of the one before are taken for security.jwt_rotation_grace; a running service needs SIGHUP.',
  options: { config: CONFIG_OPTION },
  async run(values, terminal) {
    const { config } = await loadFor(terminal, textOf(values, 'config'), [], true)
    if (config.security.jwt_secret_key !== null) {
      throw new Error(
        'security.jwt_secret_key is configured: change it there, move the present one to security.jwt_previous_secret_key, and restart',
      )
    }
    const { rotateSecret } = await import('../auth/index.js')
    const { audited } = await import('./audit-tool.js')
    await audited(
      { config, terminal, action: 'secret rotate' },
      () => undefined,
      () => rotateSecret(config.state_dir),
    )
    terminal.print('A new secret is in place: send SIGHUP to the running service, and hand out new tokens.\n')
    return EXIT.ok
  },
}
