/** The words of a remedy, and the lines for the configuration file that follow them. */
export function splitRemedy(remedy: string): { words: string; yaml: string } {
  const at = remedy.search(/^collect:$/m);
  if (at < 0) return { words: remedy, yaml: '' };
  return { words: remedy.slice(0, at).trim(), yaml: remedy.slice(at) };
}
