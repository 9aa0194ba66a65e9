/** Characters that a reader would not see, but that change what is read. */

/** What reorders or hides text, or commands a terminal; line ends and tabs stay. */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const escapeCode = (code: number): string =>
  code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;

/** The text with its hidden characters written out: an escape as \x1b. */
export const showHidden = (text: string): string =>
  text.replace(HIDDEN, (found) => escapeCode(found.charCodeAt(0)));
