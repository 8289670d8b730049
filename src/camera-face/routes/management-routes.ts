/** Restart, reload, shutdown, configuration (usb-camera-server §4.5 – §4.10). */

import { errorText } from '../../base/errors.js'
import { FAULTS } from '../errors.js'
import type { AppliedChange, FacePorts } from '../ports.js'
import { type Call, json, type Reply, type Route } from '../request/call.js'
import { jsonObject } from '../request/json-object.js'
import { flagOf } from '../request/parameters.js'
import { CAMERA_QUERY, cameraOf } from './camera-of.js'

/** Character for character what older clients show. */
const SIGNALS = {
  SIGINT: 'Graceful shutdown (Ctrl+C)',
  SIGTERM: 'Graceful shutdown (kill)',
  SIGHUP: 'Reload configuration (kill -HUP)',
  SIGUSR1: 'Output statistics (kill -USR1)',
  SIGUSR2: 'Restart camera (kill -USR2)',
}
const WAIT_QUERY = { name: 'wait', doc: '0: answer at once with 202.', schema: { enum: ['0', '1'] } }

export interface ManagementOptions {
  readonly ports: FacePorts
  readonly pid: number
  /** Longest wait of a restart for the first frame. */
  readonly restartMs: number
  /** Hears what a restart that nobody waits for failed with. */
  readonly onLateFailure: (camera: string, thrown: unknown) => void
}

export function managementRoutes({ ports, pid, restartMs, onLateFailure }: ManagementOptions): readonly Route[] {
  const { cameras, config } = ports

  const restart = async (call: Call): Promise<Reply> => {
    const { id } = cameraOf(call, cameras)
    const wait = !call.query.has('wait') || flagOf(call.query, 'wait')
    const restarted = cameras.restart(id, restartMs)
    if (!wait) {
      restarted.catch((thrown: unknown) => onLateFailure(id, thrown))
      return json(202, { success: true, message: 'Camera restart started' })
    }
    const success = await restarted.catch((thrown: unknown) => {
      throw FAULTS.restartFailed(errorText(thrown))
    })
    return json(200, { success, message: success ? 'Camera restart successful' : 'Camera restart failed' })
  }

  const reload = async (): Promise<Reply> => {
    const result = await config.reload()
    if ('reason' in result) throw FAULTS.reloadFailed(result.reason)
    return json(200, { success: true, message: 'Configuration reloaded', restart_required: restartText(result), ...told(result) })
  }

  const putConfig = async ({ body }: Call): Promise<Reply> => {
    const result = await config.put(jsonObject(body, FAULTS.invalidConfig))
    if ('problems' in result) throw FAULTS.invalidConfig(result.problems)
    if ('reason' in result) throw FAULTS.configNotKept(result.reason)
    return json(200, { success: true, message: 'Configuration updated (restart required for some changes)', ...told(result) })
  }

  return [
    {
      method: 'POST',
      path: '/camera/restart',
      role: 'operator',
      handler: restart,
      doc: 'Restarts the default camera and waits for its first frame, at most 10 s.',
      query: [CAMERA_QUERY, WAIT_QUERY],
    },
    {
      method: 'POST',
      path: '/cameras/{id}/restart',
      role: 'operator',
      handler: restart,
      doc: 'Restarts one camera.',
      query: [WAIT_QUERY],
    },
    {
      method: 'POST',
      path: '/server/reload-config',
      role: 'admin',
      handler: reload,
      doc: 'Reads the configuration file again and applies it. 500 when it cannot be used; nothing changes then.',
    },
    {
      method: 'POST',
      path: '/server/shutdown',
      role: 'admin',
      handler: () => ({ ...json(200, { message: 'Graceful shutdown initiated' }), after: ports.shutdown }),
      doc: 'Ends the process gracefully.',
    },
    {
      method: 'GET',
      path: '/server/pid',
      role: 'viewer',
      handler: () => json(200, { pid, signals: SIGNALS }),
      doc: 'The process and what signals do to it.',
    },
    {
      method: 'GET',
      path: '/config',
      role: 'admin',
      handler: () => json(200, config.document),
      doc: 'The effective configuration.',
    },
    {
      method: 'PUT',
      path: '/config',
      role: 'admin',
      handler: putConfig,
      doc: 'Merges a partial document one level deep, checks the whole, applies and keeps it.',
    },
  ]
}

/** The keys, and nothing else that the result may hold. */
function told({ changed, applied, pending }: AppliedChange): AppliedChange {
  return { changed, applied, pending }
}

function restartText({ pending }: AppliedChange): string {
  return pending.length === 0
    ? 'No restart is required; all changes are in force'
    : `A restart of the server is required for: ${pending.join(', ')}`
}
