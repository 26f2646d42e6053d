// openapi-generator's typescript-fetch. Upload a file, and run a process with it.
import { Configuration, FilesApi, ProcessesApi, RunsApi } from './client';
import { check, entry, pdf, token } from './entry';

const own = new Configuration({ basePath: entry.base_url, apiKey: entry.api_key });
const [files, runs] = [new FilesApi(own), new RunsApi(own)];

async function main(): Promise<void> {
  const agentId = entry.agent_id;
  const process = (await new ProcessesApi(own).listProcesses({ agentId })).items?.[0];
  check(process !== undefined, 'no process');
  const file = await files.createFile({ createFile: { agentId, fileName: 'invoice.pdf' } });
  const fields = file.uploadFields;
  await files.uploadFile({
    token: token(file.uploadUrl),
    file: pdf(),
    key: fields['key'],
    aWSAccessKeyId: fields['AWSAccessKeyId'],
    policy: fields['policy'],
    signature: fields['signature'],
    contentType: fields['Content-Type'],
    xAmzSecurityToken: fields['x-amz-security-token'],
  });
  const made = await runs.createRun({
    createRun: { agentId, processId: process.id, name: 'Invoice', stage: process.stage, fileIds: [file.id] },
  });
  const run = await runs.getRun({ runId: made.id });
  check(run.fileIds?.[0] === file.id, run);
}

void main();
