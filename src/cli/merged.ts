/** Asking for an action runs it; asking while it runs means one more run afterwards, however often it was asked for. */
export function merged(action: () => Promise<void>): () => void {
  let isRunning = false
  let isAskedAgain = false
  const run = async (): Promise<void> => {
    isRunning = true
    do {
      isAskedAgain = false
      await action()
    } while (isAskedAgain)
    isRunning = false
  }
  return () => {
    isAskedAgain = true
    // An action tells its own failures; one that rejects all the same must not end the asking for ever.
    if (!isRunning) run().catch(() => (isRunning = false))
  }
}
