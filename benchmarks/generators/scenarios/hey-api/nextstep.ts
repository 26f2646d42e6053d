// @hey-api/openapi-ts. List, create, complete; the run then completes by itself.
import { client } from './client/client.gen';
import { createProcessRun, getProcessRun, listProcessTemplates, listRunTasks, updateRunTask } from './client';
import { bearer, check, entry } from './entry';

client.setConfig({ baseUrl: entry.base_url, headers: bearer });

async function main(): Promise<void> {
  const templates = await listProcessTemplates();
  const template = templates.data?.data.find((one) => one.is_published);
  check(template !== undefined, templates.error);
  const made = await createProcessRun({ body: { template_id: template.id, name: 'Generated' } });
  check(made.data?.data.status === 'active', made.error);
  const id = made.data.data.id;
  const tasks = await listRunTasks({ path: { id } });
  for (const task of tasks.data?.data ?? []) {
    const done = await updateRunTask({ path: { runId: id, taskId: task.id }, body: { completed: true } });
    check(done.data?.data.completed === true, done.error);
  }
  const run = await getProcessRun({ path: { id } });
  check(run.data?.data.status === 'completed', run.error);
}

void main();
