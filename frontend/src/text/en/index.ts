/** The English texts by page. */

import { charts } from './charts.ts';
import { incidents } from './incidents.ts';
import { explore } from './explore.ts';
import { logs } from './logs.ts';
import { metric } from './metric.ts';
import { months } from './months.ts';
import { overview } from './overview.ts';
import { reports } from './reports.ts';
import { settings } from './settings.ts';
import { shell } from './shell.ts';
import { silences } from './silences.ts';
import { targets } from './targets.ts';

export const en = {
  ...shell,
  ...settings,
  ...charts,
  ...overview,
  ...logs,
  ...metric,
  ...explore,
  ...targets,
  ...incidents,
  ...silences,
  ...reports,
  ...months,
};
