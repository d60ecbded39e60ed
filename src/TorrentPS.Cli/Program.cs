using TorrentPS.Cli;
using TorrentPS.Cli.Output;

StandardStreams.Open();
using var encoding = new ConsoleEncoding();
var terminal = new Terminal();
using var interruption = new Interruption(terminal);
return await CommandTree.RunAsync(args, terminal, interruption.Token).ConfigureAwait(false);
