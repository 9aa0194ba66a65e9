/** The Korean texts of the pages of incidents. */

import { WORDS } from '../words.ts';

const {
  'incident.state': state, 'incident_page.step': steps, 'incident.cause': causes,
  'incident.attribution': attributions,
} = WORDS.ko;

export const incidents = {
  incidents: {
    title: '장애',
    silences: '알림 중지·점검',
    listLabel: '장애 목록',
    open: '진행 중인 장애',
    openCount: (n: number) => `진행 중 ${n}건`,
    past: '지난 장애',
    empty: '기록된 장애가 없습니다.',
    stale: (reason: string) => `장애 목록을 갱신하지 못했습니다. ${reason}`,
    state,
    was: (severity: string) => `최고 등급 ${severity}`,
    notAcknowledged: '접수 대기',
    acknowledgedBy: (who: string) => `${who} 접수`,
    steps,
    waiting: { began: '알 수 없음', noticed: '인지 전', acknowledged: '접수 대기', action: '조치 기록 없음', recovered: '진행 중' },
    duration: '지속',
    ongoing: '진행 중',
    breached: '임계치 초과',
    alerts: '알림',
    first: '먼저 볼 것',
    came: '함께 발생',
    peak: (peak: string, threshold: string) =>
      threshold ? `최고 ${peak} (임계치 ${threshold})` : `최고 ${peak}`,
    runbook: '조치 방법(runbook)',
    findings: '같은 시간에 관찰됨',
    history: '이력',
    act: '조치',
    name: '이름',
    as: (name: string) => `기록자: ${name}`,
    changeName: '바꾸기',
    nameNeeded: '이름을 입력하십시오. 이 브라우저에서 한 번만 묻습니다.',
    note: '조치 내용',
    notePlaceholder: '예: vllm-2 재시작, 드라이버 로그 확보',
    acknowledge: '접수',
    addNote: '조치 기록',
    cause: '원인 분류',
    attribution: '귀책',
    notSet: '미입력',
    setCause: '분류 저장',
    close: '종료',
    appendOnly: '기록은 추가만 할 수 있고, 누가 언제 기록했는지 남습니다.',
    causes,
    attributions,
  },
};
