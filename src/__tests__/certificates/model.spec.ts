import { CertificatesAPI } from '../../api/certificates';
import { RequestError } from '../../api/errors';
import { IDelegation, IInspection } from '../../api/types';
import {
  describeBadge,
  describeDelegations,
  describeEnd,
  describeKey,
  describeKind,
  explainCertificates,
  formatLeft,
  formatLeftBriefly,
  shortFqan
} from '../../certificates/describe-certificates';
import { CertificatesModel } from '../../certificates/model';
import {
  badgeState,
  isExpiring,
  nextChange,
  timeLeft
} from '../../certificates/validity';
import { TestServer } from '../helpers/test-server';
import { trans } from '../helpers/translator';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-11-25T14:00:00Z');

/** One that was uploaded, and is valid for so long from now on. */
function delegation(key: string, left: number, now = NOW): IDelegation {
  return {
    key,
    identity: '/DC=org/CN=Ada',
    vo: 'cta',
    fqans: [],
    not_after: new Date(now + left).toISOString(),
    uploaded_at: '2026-11-25T13:00:00Z'
  };
}

describe('what is left', () => {
  it('is told in two units, rounded down', () => {
    const told = [
      [6 * DAY + 5 * HOUR, '6 d 5 h', '6 d'],
      [2 * DAY, '2 d 0 h', '2 d'],
      [2 * DAY - 1, '47 h 59 min', '47 h'],
      [11 * HOUR + 43 * MINUTE + 59_999, '11 h 43 min', '11 h'],
      [HOUR, '1 h 0 min', '1 h'],
      [HOUR - 1, '59 min', '59 min'],
      [MINUTE, '1 min', '1 min'],
      [MINUTE - 1, 'less than a minute', 'less than a minute']
    ] as const;
    for (const [left, whole, brief] of told) {
      expect(formatLeft(left, trans)).toBe(whole);
      expect(formatLeftBriefly(left, trans)).toBe(brief);
    }
  });

  it('is told beside the moment, in the time of this computer', () => {
    const end = '2026-11-26T01:43:10Z';
    const local = new Date(end).toLocaleString(undefined, {
      day: 'numeric',
      month: 'short'
    });
    expect(describeEnd(end, NOW, trans)).toContain(local.split(' ')[0]);
    expect(describeEnd(end, NOW, trans)).toMatch(/, in 11 h 43 min$/);
    expect(describeEnd(end, NOW + DAY, trans)).toMatch(/ \(expired\)$/);
    expect(describeEnd(null, NOW, trans)).toBe('not known');
    expect(describeEnd('soon', NOW, trans)).toBe('not known');
  });

  it('is nothing where it is over, or unknown', () => {
    expect(timeLeft('2026-11-25T14:00:01Z', NOW)).toBe(1000);
    expect(timeLeft('2026-11-25T14:00:00Z', NOW)).toBe(0);
    expect(timeLeft('2026-11-25T13:00:00Z', NOW)).toBe(0);
    expect(timeLeft(null, NOW)).toBe(0);
    expect([0, 1, HOUR - 1, HOUR].map(isExpiring)).toEqual([
      false,
      true,
      true,
      false
    ]);
  });

  it('changes what is said at the next minute', () => {
    expect(nextChange([], NOW)).toBeNull();
    expect(nextChange([delegation('cta', 0)], NOW)).toBeNull();
    const left = 22 * MINUTE + 10_000;
    const change = nextChange(
      [delegation('cta', 11 * HOUR + 30_000), delegation('lst', left)],
      NOW
    );
    expect(change).toBe(10_001);
    expect(formatLeft(left - (change ?? 0) + 1, trans)).toBe('22 min');
    expect(formatLeft(left - (change ?? 0), trans)).toBe('21 min');
    // A whole number of minutes is said only for this moment.
    expect(nextChange([delegation('cta', HOUR)], NOW)).toBe(1);
  });
});

describe('the badge', () => {
  const texts = (...lefts: number[]) => {
    const state = badgeState(
      lefts.map((left, index) => delegation(`key${index}`, left)),
      NOW
    );
    return [state.state, describeBadge(state, trans)];
  };

  it('says what matters most of several', () => {
    expect(texts()).toEqual(['none', 'No certificate delegated from here']);
    expect(texts(11.5 * HOUR)).toEqual(['valid', 'Certificate: 11 h left']);
    expect(texts(2 * HOUR, 11 * HOUR, -HOUR)).toEqual([
      'valid',
      'Certificate: 11 h left'
    ]);
    expect(texts(11 * HOUR, 40 * MINUTE, 23 * MINUTE)).toEqual([
      'expiring',
      'Certificate: 23 min left'
    ]);
    expect(texts(0)).toEqual(['expired', 'Certificate expired']);
    expect(texts(HOUR)).toEqual(['valid', 'Certificate: 1 h left']);
  });

  it('lists them with what is known', () => {
    const text = describeDelegations(
      [delegation('cta', 11 * HOUR), delegation('lst', -HOUR)],
      NOW,
      trans
    );
    expect(text).toMatch(/^cta: \/DC=org\/CN=Ada\nvalid until .*in 11 h 0 min/);
    expect(text).toMatch(/\n\nlst: .*\nvalid until .*\(expired\)\n/);
    expect(text).toContain('as uploaded from here at');
    expect(text).toContain('since the service cannot be asked');
  });
});

describe('words', () => {
  it('leave out what says nothing of a role', () => {
    expect(
      [
        '/cta/Role=NULL/Capability=NULL',
        '/cta/lst/Role=production/Capability=NULL',
        '/cta/Role=NULL',
        '/cta'
      ].map(shortFqan)
    ).toEqual(['/cta', '/cta/lst/Role=production', '/cta', '/cta']);
  });

  it('say what kind it is', () => {
    const kinds = (
      [
        ['rfc3820', false],
        ['rfc3820', true],
        ['gt3-draft', false],
        ['legacy', true],
        ['end-entity', false],
        ['ca', false],
        [null, false]
      ] as const
    ).map(([kind, limited]) =>
      describeKind({ kind, limited } as IInspection, trans)
    );
    expect(kinds).toEqual([
      'proxy certificate (RFC 3820)',
      'limited proxy certificate (RFC 3820)',
      'proxy certificate of a draft of RFC 3820',
      'limited legacy proxy certificate (GT2)',
      'certificate of a person or a machine, not a proxy',
      'certificate of an authority, not a proxy',
      'not known'
    ]);
    expect(describeKey('other', trans)).toBe(
      'a purpose set up by the administrators'
    );
  });

  it('say of an older server what to do', () => {
    const error = new RequestError('extension-missing', '');
    expect(explainCertificates(error, trans).text).toContain('older');
    const other = new RequestError('service-unreachable', 'Down');
    expect(explainCertificates(other, trans).text).toBe('Down');
  });
});

describe('the model', () => {
  const server = new TestServer();
  let certificates: CertificatesModel;
  let current: IDelegation[];
  let ahead: number;
  let watched: boolean;

  beforeAll(() => server.start());
  afterAll(() => server.stop());
  beforeEach(() => {
    server.log.length = 0;
    current = [];
    ahead = 0;
    watched = true;
    server.handler = ({ answer }) =>
      answer(200, {
        now: new Date(Date.now() + ahead).toISOString(),
        service: null,
        keys: ['cta', 'lst'],
        delegations: current
      });
    certificates = make();
  });
  afterEach(() => certificates.dispose());

  function make(interval?: number): CertificatesModel {
    return new CertificatesModel(
      new CertificatesAPI(server.api.settings),
      () => watched,
      interval
    );
  }

  /** Resolves when the model says so. */
  function until(test: () => boolean): Promise<void> {
    return new Promise(resolve => {
      certificates.changed.connect(() => {
        if (test()) {
          resolve();
        }
      });
    });
  }

  const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

  it('knows nothing before the server has told', async () => {
    expect(certificates.badge.state).toBe('unknown');
    await certificates.refresh();
    expect(certificates.badge.state).toBe('none');
    expect(certificates.keys).toEqual(['cta', 'lst']);
    expect(server.log).toEqual(['GET certificates']);
  });

  it('follows the server’s clock', async () => {
    // Here it is three hours later than there.
    ahead = -3 * HOUR;
    current = [delegation('cta', 2.5 * HOUR, Date.now() + ahead)];
    await certificates.refresh();
    expect(Math.abs(certificates.now - Date.now() - ahead)).toBeLessThan(1000);
    expect(describeBadge(certificates.badge, trans)).toBe(
      'Certificate: 2 h left'
    );
  });

  it('says that one has expired when it has, without asking', async () => {
    current = [delegation('cta', 300, Date.now())];
    await certificates.refresh();
    expect(certificates.badge.state).toBe('expiring');
    await until(() => certificates.badge.state === 'expired');
    expect(server.log).toHaveLength(1);
  });

  it('asks again after a while, where somebody may look', async () => {
    certificates.dispose();
    certificates = make(50);
    await certificates.refresh();
    current = [delegation('lst', DAY, Date.now())];
    await until(() => certificates.badge.state === 'valid');
    watched = false;
    await wait(20);
    const asked = server.log.length;
    await wait(200);
    expect(server.log).toHaveLength(asked);
    watched = true;
    current = [];
    await until(() => certificates.badge.state === 'none');
    certificates.dispose();
    const last = server.log.length;
    await wait(120);
    expect(server.log).toHaveLength(last);
  });

  it('says that it does not know, and recovers', async () => {
    current = [delegation('cta', DAY, Date.now())];
    await certificates.refresh();
    const handler = server.handler;
    server.handler = ({ answer }) => answer(404, '<html>Not Found</html>');
    await certificates.refresh();
    expect(certificates.badge.state).toBe('unknown');
    expect(certificates.error?.code).toBe('extension-missing');
    server.handler = handler;
    await certificates.refresh();
    expect(certificates.badge.state).toBe('valid');
    expect(certificates.error).toBeNull();
  });

  it('asks again by itself when the server has not answered', async () => {
    certificates.dispose();
    certificates = make(50);
    const handler = server.handler;
    server.handler = ({ cut }) => cut();
    await certificates.refresh();
    expect(certificates.error?.code).toBe('server-unreachable');
    server.handler = handler;
    await until(() => certificates.badge.state === 'none');
  });

  it('takes in what was uploaded, also while an older answer is on its way', async () => {
    await certificates.refresh();
    let release = () => {};
    const handler = server.handler;
    server.handler = request => {
      release = () => handler(request);
    };
    const older = certificates.refresh();
    while (server.log.length < 2) {
      await wait(5);
    }
    certificates.add(delegation('lst', DAY, Date.now()));
    certificates.add(delegation('cta', DAY, Date.now()));
    certificates.add(delegation('lst', HOUR / 2, Date.now()));
    release();
    await older;
    expect(certificates.delegations.map(({ key }) => key)).toEqual([
      'cta',
      'lst'
    ]);
    expect(certificates.badge.state).toBe('expiring');
  });
});
