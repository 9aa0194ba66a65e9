/** What a shape means, for those who do not see it. */

import type { Texts } from '../../text/index.ts';
import type { Shape } from './groups.ts';

export const wordOf = (texts: Texts, shape: Shape): string =>
  shape === 'noData' ? texts.noData : shape === 'neutral' ? '' : texts.state[shape];
