/** Local time as older clients know it: ISO 8601 with microseconds and without a zone. Pure, but for the machine's zone. */

export function localIso(wallMs: number): string {
  const date = new Date(wallMs)
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  const time = [two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join(':')
  const micros = Math.floor((wallMs - Math.floor(wallMs / 1000) * 1000) * 1000)
  return `${day}T${time}.${String(micros).padStart(6, '0')}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
