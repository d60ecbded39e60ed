using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Cli.Output;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Cli.Commands;

/// <summary><c>torrentps tracker</c>: a tracker for a local network or a test, until it is stopped.</summary>
internal static class TrackerCommand
{
    private const int DefaultPort = 6969;

    public static Command Create(Terminal terminal)
    {
        Option<IPAddress?> address = OptionFactory.Parsed<IPAddress?>("--address", "IP", "The address to listen on; all of this machine's by default.",
            text => IPAddress.TryParse(text, out IPAddress? ip) ? ip : null, "an IP address");
        Option<int?> port = OptionFactory.Number("--port", $"The port to listen on ({DefaultPort}); 0 takes any free one.", 0, 65535);
        var command = new Command("tracker", "Run a tracker for a local network or a test, until it is stopped.") { address, port };
        command.SetAction(terminal, async (result, cancellationToken) =>
        {
            IPAddress listen = result.GetValue(address) ?? (Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any);
            await using TrackerServer tracker = Start(new IPEndPoint(listen, result.GetValue(port) ?? DefaultPort));
            terminal.WriteLine(tracker.AnnounceUri.ToString());
            terminal.WriteMessage($"Listening on {tracker.EndPoint}; Ctrl+C ends it");
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
            return ExitCode.Done;
        });
        return command;
    }

    private static TrackerServer Start(IPEndPoint endPoint)
    {
        try
        {
            return TrackerServer.Start(endPoint);
        }
        catch (SocketException e)
        {
            throw new TorrentException(TorrentErrorId.Unexpected, $"The tracker cannot listen on {endPoint} ({e.Message.TrimEnd('.')}); choose another --address or --port", e);
        }
    }
}
