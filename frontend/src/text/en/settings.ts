/** The English texts of the page of settings. */

import type { settings as ko } from '../ko/settings.ts';
import type { Wording } from '../wording.ts';

export const settings: Wording<typeof ko> = {
  settings: {
    browser: 'This browser',
    browserNote: 'Kept in this browser only',
    nameNote: 'Recorded with acknowledgements, actions and sign-offs.',
    language: 'Language',
    languages: { ko: 'Korean', en: 'English' },
    theme: 'Theme',
    letters: 'Use single keys as shortcuts',
    configuration: 'Server configuration',
    readOnly: 'Read only. Change it in the configuration file',
    file: (path) => `Configuration file ${path}`,
    noFile: 'There is no configuration file; the defaults apply.',
    search: 'Search settings',
    values: (n) => `${n} ${n === 1 ? 'value' : 'values'}`,
    key: 'Key',
    value: 'Value',
    origin: 'Origin',
    origins: { option: 'command line', default: 'default' },
    nothing: 'No setting matches.',
  },
};
