import { CertificatesAPI } from '../../api/certificates';
import { IDelegated, IFoundCertificate, IInspection } from '../../api/types';
import {
  DelegationSession,
  IUploadResult,
  findingsOf
} from '../../certificates/delegation-session';
import { CertificatesModel } from '../../certificates/model';
import { PersistedValue } from '../../common/persisted-value';
import { IRequest, TestServer } from '../helpers/test-server';

const server = new TestServer();
let certificates: CertificatesModel;
let chosen: PersistedValue<string>;
let session: DelegationSession;
let requests: IRequest[];
let late: IUploadResult[];
/** How requests are answered, by method and path. */
let answers: Record<string, (request: IRequest) => void>;

const GOOD: IInspection = {
  subject: '/DC=org/CN=Ada/CN=1',
  issuer: '/DC=org/CN=Ada',
  authority: '/DC=org/CN=CA',
  identity: '/DC=org/CN=Ada',
  kind: 'rfc3820',
  limited: false,
  not_before: '2026-11-25T14:00:00Z',
  not_after: '2026-11-26T02:00:00Z',
  vo: 'cta',
  fqans: ['/cta/Role=NULL/Capability=NULL'],
  key_present: true,
  fingerprint: 'ab12',
  blocked: false,
  findings: []
};

const BLOCKED: IInspection = {
  ...GOOD,
  blocked: true,
  findings: [{ level: 'block', code: 'not-pem', sentence: 'It is no PEM.' }]
};

const FOUND: IFoundCertificate = {
  path: '/tmp/x509up_u1000',
  owner: 'ada',
  message: null,
  inspection: GOOD
};

const stored = (key: string): IDelegated => ({
  message: 'Certificate stored',
  validity: 'Thu, 26 Nov 2026 02:00:00 GMT',
  delegation: {
    key,
    identity: GOOD.identity,
    vo: 'cta',
    fqans: [],
    not_after: '2026-11-26T02:00:00Z',
    uploaded_at: '2026-11-25T14:00:00Z'
  }
});

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(async () => {
  server.log.length = 0;
  requests = [];
  late = [];
  answers = {
    'GET certificates': ({ answer }) =>
      answer(200, {
        now: '2026-11-25T14:00:00Z',
        service: null,
        keys: ['cta', 'lst'],
        delegations: []
      }),
    'GET certificates/found': ({ answer }) => answer(200, FOUND),
    'POST certificates/inspect': ({ answer }) => answer(200, GOOD),
    'PUT certificates/cta': ({ answer }) => answer(200, stored('cta')),
    'PUT certificates/lst': ({ answer }) => answer(200, stored('lst')),
    'PUT certificates/cta/found': ({ answer }) => answer(200, stored('cta'))
  };
  server.handler = request => {
    requests.push(request);
    answers[`${request.method} ${request.path}`](request);
  };
  certificates = new CertificatesModel(
    new CertificatesAPI(server.api.settings),
    () => true
  );
  await certificates.refresh();
  chosen = new PersistedValue<string>(null, 'key', 'cta');
  session = new DelegationSession(certificates, chosen, result => {
    late.push(result);
  });
});
afterEach(() => {
  session.dispose();
  certificates.dispose();
});

const pem = (content = 'proxy') => new File([content], 'x509up');

/** What was sent by such requests. */
const sent = (line: string) =>
  requests
    .filter(({ method, path }) => `${method} ${path}` === line)
    .map(({ body }) => body);

it('looks at a file first, and uploads what it has looked at', async () => {
  const looking = session.chooseFile(pem());
  expect(session.looking).toBe('x509up');
  expect(session.canUpload).toBe(false);
  await looking;
  expect(session.looking).toBeNull();
  expect(session.examined).toEqual({ name: 'x509up', inspection: GOOD });
  expect(server.log.filter(line => line.startsWith('PUT'))).toEqual([]);

  session.key = 'lst';
  const sending = session.upload();
  expect(session.sending).toBe(true);
  expect(session.canUpload).toBe(false);
  await sending;
  expect(sent('POST certificates/inspect')).toEqual(['proxy']);
  expect(sent('PUT certificates/lst')).toEqual(['proxy']);
  expect(session.result?.stored?.message).toBe('Certificate stored');
  expect(chosen.value).toBe('lst');
  expect(late).toEqual([]);
});

it('takes the first key where the remembered one is not there any more', () => {
  chosen.value = 'gone';
  expect(session.key).toBe('cta');
});

it('reads no more than is needed to see that it is too much', async () => {
  await session.chooseFile(pem('x'.repeat(200_000)));
  expect(sent('POST certificates/inspect')[0]).toHaveLength(65537);
});

it('does not upload what is blocked', async () => {
  answers['POST certificates/inspect'] = ({ answer }) => answer(200, BLOCKED);
  await session.chooseFile(pem());
  expect(session.canUpload).toBe(false);
  await session.upload();
  expect(server.log.filter(line => line.startsWith('PUT'))).toEqual([]);
});

it('can look again when the server was down', async () => {
  const inspect = answers['POST certificates/inspect'];
  answers['POST certificates/inspect'] = ({ cut }) => cut();
  await session.chooseFile(pem());
  expect(session.error?.code).toBe('server-unreachable');
  expect(session.examined).toBeNull();
  answers['POST certificates/inspect'] = inspect;
  await session.lookAgain();
  expect(session.error).toBeNull();
  expect(session.examined?.inspection).toEqual(GOOD);
  expect(session.canUpload).toBe(true);
});

it('keeps the service’s refusal and its findings, and can try again', async () => {
  await session.chooseFile(pem());
  const upload = answers['PUT certificates/cta'];
  answers['PUT certificates/cta'] = ({ answer }) =>
    answer(424, {
      code: 'certificate-error',
      message: 'invalid certificate verification chain',
      findings: BLOCKED.findings
    });
  await session.upload();
  const refused = session.result?.refused;
  expect(refused?.message).toBe('invalid certificate verification chain');
  expect(refused && findingsOf(refused)).toEqual(BLOCKED.findings);
  expect(session.canUpload).toBe(true);
  answers['PUT certificates/cta'] = upload;
  await session.upload();
  expect(session.result?.refused).toBeNull();
  expect(certificates.known).toBe(true);
});

it('lets the last choice win, whichever look ends last', async () => {
  const open: IRequest[] = [];
  answers['POST certificates/inspect'] = request => open.push(request);
  const first = session.chooseFile(pem('first'));
  while (open.length < 1) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  const second = session.chooseFile(new File(['second'], 'other'));
  while (open.length < 2) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  open[1].answer(200, GOOD);
  await second;
  open[0].answer(200, BLOCKED);
  await first;
  expect(session.examined).toEqual({ name: 'other', inspection: GOOD });
  await session.upload();
  expect(sent('PUT certificates/cta')).toEqual(['second']);
});

it('uploads the proxy on the server by its fingerprint', async () => {
  await session.findOnServer();
  expect(session.found).toEqual(FOUND);
  await session.chooseFound();
  expect(session.examined?.name).toBe(FOUND.path);
  answers['PUT certificates/cta/found'] = ({ answer }) =>
    answer(409, { code: 'certificate-changed', message: 'It has changed.' });
  await session.upload();
  expect(sent('PUT certificates/cta/found')).toEqual([
    JSON.stringify({ fingerprint: 'ab12' })
  ]);
  expect(session.result?.refused?.code).toBe('certificate-changed');
  await session.lookAgain();
  expect(session.result).toBeNull();
  expect(session.canUpload).toBe(true);
});

it('says why the proxy on the server cannot be used', async () => {
  answers['GET certificates/found'] = ({ answer }) =>
    answer(200, { ...FOUND, message: 'Others can read it', inspection: null });
  await session.chooseFound();
  expect(session.error?.message).toBe('Others can read it');
  expect(session.canUpload).toBe(false);
});

it('forgets everything with its dialog, and tells what comes later', async () => {
  await session.chooseFile(pem());
  const sending = session.upload();
  session.dispose();
  await sending;
  expect(session.examined).toBeNull();
  expect(session.canUpload).toBe(false);
  const kept = Object.values(session).filter(
    value => value instanceof Uint8Array || value instanceof Blob
  );
  expect(kept).toEqual([]);
  expect(sent('PUT certificates/cta')).toEqual(['proxy']);
  expect(late.map(({ key, stored: answer }) => [key, answer?.message])).toEqual(
    [['cta', 'Certificate stored']]
  );
});
