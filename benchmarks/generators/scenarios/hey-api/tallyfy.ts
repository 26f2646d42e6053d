// @hey-api/openapi-ts. Launch a process, complete its tasks and archive it.
import { client } from './client/client.gen';
import { archiveRun, completeTask, getRun, launchRun, listRunTasks, listTemplates } from './client';
import { bearer, check, entry, who } from './entry';

client.setConfig({ baseUrl: entry.base_url, headers: bearer });

async function main(): Promise<void> {
  const org = { org_id: entry.organization_id };
  const templates = await listTemplates({ path: org, headers: who });
  const template = templates.data?.data.find((one) => !one.prerun?.length);
  check(template !== undefined, templates.error);
  const made = await launchRun({ path: org, headers: who, body: { checklist_id: template.id, name: 'Generated' } });
  check(made.data !== undefined, made.error);
  const path = { ...org, run_id: made.data.data.id };
  const tasks = await listRunTasks({ path, headers: who });
  for (const task of tasks.data?.data ?? []) {
    const done = await completeTask({ path, headers: who, body: { task_id: task.id } });
    check(done.data?.data.status === 'completed', done.error);
  }
  const run = await getRun({ path, headers: who });
  check(run.data?.data.status === 'complete', run.error);
  const archived = await archiveRun({ path, headers: who });
  check(Boolean(archived.data?.data.archived_at), archived.error);
}

void main();
