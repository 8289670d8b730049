import type { Command } from './command.js'
import { EXIT } from './exit.js'
import { KEY_COMMANDS } from './keys/commands.js'
import { GLOBAL_OPTIONS } from './keys/words.js'

/** Words of a command, and its options with their dashes. */
type Words = readonly (readonly [command: string, options: readonly string[]])[]

/** `commands` gives all commands of the service, this one too. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion bash',
    summary: 'Prints the completion of these commands for bash: source <(camera-service completion bash)',
    options: {},
    async run(_values, terminal) {
      const own: Words = commands().map(({ name, options }) => [name, dashed([...Object.keys(options), 'help'])])
      const token = own.find(([name]) => name === 'token')?.[1] ?? []
      const keys: Words = Object.entries(KEY_COMMANDS).map(([name, { options }]) => {
        return [`keys ${name}`, dashed([...Object.keys(options), ...Object.keys(GLOBAL_OPTIONS)])]
      })
      const admin: Words = [...keys, ['version', []], ['help', []]]
      terminal.print(
        [
          '# Completion for bash, made by: camera-service completion bash',
          ...completer('_camera_service', ['camera-service'], own),
          ...completer('_camera_service_cli', ['camera-service-cli', 'camera-cli'], admin),
          ...completer('_jwt_generator', ['jwt-generator'], [['', token]]),
          '',
        ].join('\n'),
      )
      return EXIT.ok
    },
  }
}

function dashed(names: readonly string[]): string[] {
  return names.map((name) => `--${name}`)
}

/** A function that offers the next word of a command, or the options of the one that was typed; values of known sets; else files. */
function completer(name: string, programs: readonly string[], words: Words): string[] {
  const firsts = [...new Set(words.map(([command]) => command.split(' ')[0] ?? ''))].join(' ')
  const seconds = firsts
    .split(' ')
    .map(
      (first) =>
        [
          first,
          words.flatMap(([command]) => (command.startsWith(`${first} `) ? [command.slice(first.length + 1)] : [])),
        ] as const,
    )
    .filter(([first, rest]) => first !== '' && rest.length > 0)
  return [
    `${name}() {`,
    `  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} typed='' at offer=''`,
    // Options and their values are no part of the command.
    '  for ((at = 1; at < COMP_CWORD; at++)); do',
    `    case \${typed:+then}\${COMP_WORDS[at]} in`,
    // Before the command only those of the administration tool stand.
    '      -config | --config | -format | --format) ((at++)) ;; -*) ;; then-*) break ;;',
    `      *) typed+="\${typed:+ }\${COMP_WORDS[at]}" ;;`,
    '    esac',
    '  done',
    '  case $before in',
    "    --role) offer='viewer operator admin' ;;",
    "    --status) offer='active revoked expired' ;;",
    "    -format | --format) offer='table json token' ;;",
    '    -config | --config | --output) COMPREPLY=($(compgen -f -- "$word")); return ;;',
    '    *) case $typed in',
    ...words.map(([command, options]) => `      '${command}') offer='${options.join(' ')}' ;;`),
    ...(words.some(([command]) => command === '') ? [] : [`      '') offer='${firsts}' ;;`]),
    ...seconds.map(([first, rest]) => `      '${first}') offer='${rest.join(' ')}' ;;`),
    '    esac ;;',
    '  esac',
    '  COMPREPLY=($(compgen -W "$offer" -- "$word"))',
    '}',
    `complete -F ${name} ${programs.join(' ')}`,
  ]
}
