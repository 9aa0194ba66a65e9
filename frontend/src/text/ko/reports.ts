/** The Korean texts of the pages of reports. */

import { WORDS } from '../words.ts';

const { 'summary.step': steps } = WORDS.ko;

export const reports = {
  reports: {
    title: '보고서',
    archive: '보고서 목록',
    empty: '아직 보고서가 없습니다.',
    issue: (n: number) => `제${n}판`,
    make: '보고서 만들기',
    kind: '종류',
    kinds: { daily: '일간', weekly: '주간', monthly: '월간', quarterly: '분기', yearly: '연간' },
    period: '기간',
    periodHelp: '비우면 직전에 끝난 기간의 보고서를 만듭니다.',
    formats: '형식',
    builds: '만드는 중인 보고서',
    buildState: { waiting: '대기 중', working: '만드는 중', made: '완료', failed: '실패' },
    open: '열기',
    schedules: '예약',
    never: '아직 만들지 않음',
    lastMade: (time: string) => `최근 ${time}`,
    nextMade: (time: string) => `다음 ${time}`,
    preview: '미리 보기',
    noPreview: 'HTML 파일이 없어 미리 볼 수 없습니다.',
    files: '파일',
    changes: (n: number) => `변경 ${n}건`,
    signOff: '결재',
    step: '단계',
    steps,
    note: '의견',
    sign: '서명',
  },
};
