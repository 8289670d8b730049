import { choice, flag, integer, optional, section, text } from '../keys.js'

export const logging = section('Log lines.', {
  level: choice({
    words: ['debug', 'info', 'warn', 'error', 'fatal'],
    aliases: { warning: 'warn' },
    default: 'info',
    reload: 'live',
    doc: 'Lines below this level are not written.',
  }),
  format: choice({
    words: ['json', 'text', 'classic'],
    aliases: { console: 'text' },
    default: 'text',
    reload: 'restart',
    alsoEnv: ['LOG_FORMAT'],
    doc: 'With CAMERA_SERVICE_ENV=production the default is json. json: one object per line; text: for people; classic: date, logger, level, message, as in log_file of the camera face.',
  }),
  console_enabled: flag({ default: true, reload: 'restart', doc: 'Write to standard error.' }),
  file_enabled: flag({ default: false, reload: 'restart', doc: 'Write to file_path.' }),
  file_path: text({
    default: '/var/log/camera-service.log',
    rule: 'an absolute, normalised path',
    pattern: /^\//,
    reload: 'restart',
    doc: 'The log file; its folder must exist.',
  }),
  max_file_size: integer({
    default: 5_242_880,
    min: 1024,
    max: 1_099_511_627_776,
    reload: 'restart',
    doc: 'Size at which a new file is begun, bytes.',
  }),
  backup_count: integer({
    default: 3,
    min: 0,
    max: 1000,
    reload: 'restart',
    doc: 'Full log files that are kept, packed, for 30 days at most.',
  }),
})

export const audit = section('The audit log: who logged in and who changed what.', {
  enabled: flag({ default: true, reload: 'restart', doc: 'Keep one.' }),
  file_path: optional(
    text({
      default: '',
      rule: 'an absolute, normalised path',
      pattern: /^\//,
      reload: 'restart',
      doc: 'The file. Without it audit.log in state_dir.',
    }),
  ),
  max_file_size: integer({
    default: 5_242_880,
    min: 65_536,
    max: 1_099_511_627_776,
    reload: 'restart',
    doc: 'Size at which a new file is begun, bytes.',
  }),
  backup_count: integer({ default: 10, min: 1, max: 1000, reload: 'restart', doc: 'Full files that are kept.' }),
})

export const storage = section('Room on disk.', {
  warn_percent: integer({
    default: 80,
    min: 0,
    max: 100,
    reload: 'live',
    alsoEnv: ['CAMERA_SERVICE_RECORDING_STORAGE_WARN_PERCENT'],
    doc: 'Used share of the disk that is warned about, percent. Below block_percent.',
  }),
  fallback_path: optional(
    text({
      default: '',
      rule: 'an absolute path',
      pattern: /^\//,
      reload: 'restart',
      doc:
        'Where recordings and snapshots go, each in a folder of their name, while mediamtx.recordings_path or mediamtx.snapshots_path cannot be ' +
        'written to; one that cannot be at the start is stood in for until the next one. Health and log say so. Without it such a path is a fault. Made when missing.',
    }),
  ),
  block_percent: integer({
    default: 90,
    min: 0,
    max: 100,
    reload: 'live',
    alsoEnv: ['CAMERA_SERVICE_RECORDING_STORAGE_BLOCK_PERCENT'],
    doc: 'Used share of the disk at which nothing new is written, percent.',
  }),
})
