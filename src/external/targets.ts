/** What a scan knocks at: known machines first, then every host of each range. Pure. */

import { hostsOf } from '../base/ipv4.js'
import type { Candidate, GenericTargets, SkydioTargets, Target } from './types.js'

export function skydioTargets(wish: SkydioTargets): Target[] {
  if (!wish.enabled) return []
  const eyes = [{ word: 'eo', port: wish.eoPort, path: wish.eoPath }]
  if (wish.both) eyes.push({ word: 'ir', port: wish.irPort, path: wish.irPath })
  return hosts(wish).flatMap((host) =>
    eyes.map(({ word, port, path }) => ({
      host,
      port,
      candidates: [
        {
          url: addressOf(host, port, path),
          type: 'skydio_stanag4609' as const,
          name: `Skydio_${word.toUpperCase()}_${host}_${word}_${path}`,
          capabilities: {
            protocol: 'rtsp',
            format: 'stanag4609',
            source: 'skydio_uav',
            stream_type: word,
            port,
            stream_path: path,
            codec: 'h264',
            metadata: 'klv_mpegts',
          },
        },
      ],
    })),
  )
}

export function genericTargets(wish: GenericTargets): Target[] {
  if (!wish.enabled) return []
  return hosts(wish).flatMap((host) =>
    wish.ports.map((port) => ({ host, port, candidates: wish.paths.map((path) => generic(host, port, path)) })),
  )
}

function generic(host: string, port: number, path: string): Candidate {
  return {
    url: addressOf(host, port, path),
    type: 'generic_rtsp',
    name: `Generic_${host}_${port}${path}`,
    capabilities: { protocol: 'rtsp', source: 'generic_uav', port, stream_path: path },
  }
}

function hosts({ knownIps, networkRanges }: Pick<GenericTargets, 'knownIps' | 'networkRanges'>): readonly string[] {
  return [...new Set([...knownIps, ...networkRanges.flatMap((range) => [...hostsOf(range)])])]
}

function addressOf(host: string, port: number, path: string): string {
  return `rtsp://${host}:${port}${path}`
}
