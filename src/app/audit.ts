/** The audit log of the service: where it is, and how much one client may fill it. */

import { join } from 'node:path'
import { type Audit, AuditLog } from '../base/audit-log.js'
import type { Clock } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import { LogThrottle } from '../base/log-throttle.js'
import type { Logger } from '../base/logger.js'
import type { CameraConfigStore } from '../camera-config/index.js'
import type { Config, ConfigurationPort } from '../config/index.js'

export interface ServiceAudit {
  readonly audit: Audit
  close(): Promise<void>
}

/** Of what one client does in vain; what succeeds is always told. */
const FAILURES_PER_MINUTE = 20

/** Never rejects: a log that cannot be written is told, and tried again. */
export async function openAudit(
  { audit: settings, state_dir: stateDir }: Config,
  clock: Clock,
  logger: Logger,
): Promise<ServiceAudit> {
  if (!settings.enabled) return { audit: () => undefined, close: async () => undefined }
  const log = new AuditLog({
    file: settings.file_path ?? join(stateDir, 'audit.log'),
    maxBytes: settings.max_file_size,
    backups: settings.backup_count,
    wallMs: () => clock.wallMs(),
    onFailure: (thrown) => {
      logger.error({ component: 'audit', error: errorText(thrown) }, 'the audit log cannot be written; it is tried again')
    },
  })
  await log.open()
  const throttle = new LogThrottle({ clock, perMinute: FAILURES_PER_MINUTE })
  return {
    audit(entry) {
      if (entry.outcome === 'ok') {
        log.note(entry)
        return
      }
      const verdict = throttle.judge(`${entry.action} ${entry.outcome}`, entry.address ?? entry.client ?? '')
      if (!verdict.write) return
      const more = {
        ...(verdict.leftOut > 0 && { left_out: verdict.leftOut }),
        ...(verdict.last && { more: 'left out for a minute' }),
      }
      log.note({ ...entry, detail: { ...entry.detail, ...more } })
    },
    close: () => log.close(),
  }
}

/** Changes of the configuration, by whatever way they come. The function returned ends it. */
export function auditConfiguration(
  audit: Audit,
  configuration: ConfigurationPort,
  cameraConfig: Pick<CameraConfigStore, 'events'> | undefined,
): () => void {
  const ends = [
    configuration.onChange((keys) => audit({ action: 'config.reload', outcome: 'ok', detail: { keys: [...keys] } })),
    configuration.onRefused((faults) =>
      audit({ action: 'config.reload', outcome: 'refused', detail: { faults: faults.length } }),
    ),
  ]
  if (cameraConfig !== undefined) {
    ends.push(
      cameraConfig.events.on('changed', ({ changed }) =>
        audit({ action: 'camera_config', outcome: 'ok', detail: { keys: changed } }),
      ),
      cameraConfig.events.on('reloadRefused', () => audit({ action: 'camera_config', outcome: 'refused' })),
    )
  }
  return () => {
    for (const end of ends) end()
  }
}
