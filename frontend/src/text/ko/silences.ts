/** The Korean texts of the page of silences and maintenance windows. */

import { WORDS } from '../words.ts';

const { 'silence.state': silence, 'maintenance.state': maintenance } = WORDS.ko;

export const silences = {
  silences: {
    title: '알림 중지·점검',
    silences: '알림 중지',
    silencesHelp: '일치하는 알림은 기록하지만 아무에게도 보내지 않습니다.',
    noSilences: '알림 중지가 없습니다.',
    addSilence: '알림 중지 추가',
    match: '대상 알림의 매처',
    matchOrAll: '점검 대상의 매처(비우면 전체)',
    reason: '사유',
    duration: '기간',
    durations: {
      '30m': '30분', '1h': '1시간', '2h': '2시간', '4h': '4시간', '8h': '8시간', '1d': '1일', '1w': '1주',
    },
    until: (from: string, to: string) => `${from} – ${to}`,
    phase: {
      active: silence.on, upcoming: maintenance.ahead, over: silence.over,
      cancelled: maintenance.cancelled,
    },
    expire: '해제',
    maintenance: '점검(계획 작업)',
    maintenanceHelp: '점검 시간의 알림은 보내지 않습니다. 사전에 공지한 점검만 계약의 장애 시간에서 제외됩니다.',
    noMaintenance: '앞뒤 7일에 점검이 없습니다.',
    addMaintenance: '점검 추가',
    work: '작업 내용',
    approvalNumber: '승인 번호',
    approval: (number: string) => `승인 ${number}`,
    isAnnounced: '이용자에게 공지했음',
    announced: (time: string) => `${time} 공지`,
    notAnnounced: '공지 안 함',
    everything: '전체',
    fromFile: '설정 파일',
    cancel: '취소',
    add: '추가',
  },
};
