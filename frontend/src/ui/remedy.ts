/** Split a remedy into its prose and the configuration lines that follow it. */
export function splitRemedy(remedy: string): { words: string; yaml: string } {
  const at = remedy.search(/^collect:$/m);
  if (at < 0) return { words: remedy, yaml: '' };
  return { words: remedy.slice(0, at).trim(), yaml: remedy.slice(at) };
}
