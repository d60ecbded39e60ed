using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Cli.Tests;

/// <summary>Whatever strangers put into names, comments and answers, the commands' text for people cannot control a terminal.</summary>
public sealed partial class ShownTextTests : IDisposable
{
    // Allowed in file names, too.
    private const string Evil = "a\u202Eb\u200B\u2028c\u009b2J";
    private const string Worse = "x\e[31m\e]0;t\a\r\n" + Evil;

    private readonly string _folder = Directory.CreateTempSubdirectory("torrentps-test-").FullName;

    public static TheoryData<string> Commands
    {
        get
        {
            using var terminal = new RecordingTerminal();
            return [.. CommandTree.Parse(["--help"], terminal).RootCommandResult.Command.Subcommands.Select(command => command.Name)];
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [GeneratedRegex(@"\e\[(?!31m)[\d;]*m|[\n]")]
    private static partial Regex OwnColoursAndLines();

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task No_command_writes_its_input_unescaped(string command)
    {
        foreach (string[] arguments in (string[][])[[command, Worse], [command, $"--{Worse}"], [command, Path.Combine(_folder, Evil, "x.torrent")], [command, "magnet:?xt=" + Worse]])
            AssertSafe(await RunAsync(isTerminal: false, [.. arguments, "--no-such-option-" + Evil]));
        AssertSafe(await RunAsync(isTerminal: false, command, Path.Combine(_folder, Evil)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_torrent_is_shown_safely_whatever_it_contains(bool isTerminal)
    {
        (string torrent, string data) = Create("http://127.0.0.1:1/announce");
        (string output, string error) = await RunAsync(isTerminal, "info", torrent);
        AssertSafe((output, error));
        Assert.Contains("\\u001b[31m", output, StringComparison.Ordinal);
        AssertSafe(await RunAsync(isTerminal, "verify", torrent, "--data", data));
        AssertSafe(await RunAsync(isTerminal, "verify", torrent, "--data", Path.Combine(_folder, Evil, "nowhere")));
        AssertSafe(await RunAsync(isTerminal, "download", torrent, "-o", data, "--port", "0", "--timeout", "20"));
        AssertSafe(await RunAsync(isTerminal, "create", data, "-o", Path.Combine(_folder, Evil, "new.torrent"), "--comment", Worse));
    }

    [Fact]
    public async Task A_trackers_text_is_shown_safely()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task server = RefuseAsync(listener, stop.Token);
        (string torrent, _) = Create($"http://{listener.LocalEndpoint}/announce");
        (string output, string error) = await RunAsync(false, "peers", torrent, "--timeout", "20");
        AssertSafe((output, error));
        Assert.Contains("x\\u001b[31m", error, StringComparison.Ordinal);
        await stop.CancelAsync();
        await server;
    }

    private static async Task RefuseAsync(TcpListener listener, CancellationToken token)
    {
        byte[] reason = Encoding.UTF8.GetBytes(Worse);
        byte[] body = [.. Encoding.ASCII.GetBytes($"d14:failure reason{reason.Length}:"), .. reason, (byte)'e'];
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(token);
                NetworkStream stream = client.GetStream();
                await stream.ReadAtLeastAsync(new byte[4096], 16, throwOnEndOfStream: false, token);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), token);
                await stream.WriteAsync(body, token);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static async Task<(string Out, string Error)> RunAsync(bool isTerminal, params string[] arguments)
    {
        using var terminal = new RecordingTerminal { OutIsTerminal = isTerminal };
        await CommandTree.RunAsync(arguments, terminal, TestContext.Current.CancellationToken);
        return (terminal.OutText, terminal.ErrorText);
    }

    private static void AssertSafe((string Out, string Error) written)
    {
        Assert.NotEmpty(written.Out + written.Error);
        string left = OwnColoursAndLines().Replace(written.Out + written.Error, "");
        Assert.DoesNotContain(left, character => char.IsControl(character) || Evil.Contains(character) && character > 0x7F);
    }

    /// <summary>Creates a torrent with hostile text in every field, in a folder with such a name, with its data.</summary>
    private (string Torrent, string Data) Create(string tracker)
    {
        string data = Directory.CreateDirectory(Path.Combine(_folder, Evil)).FullName;
        File.WriteAllBytes(Path.Combine(data, "data"), new byte[1000]);
        var builder = new TorrentBuilder("data", 16384) { Trackers = [[new Uri(tracker)]], Comment = Worse, CreatedBy = Worse, Source = Worse };
        builder.SetSingleFile(1000);
#pragma warning disable CA5350 // BEP 3 names SHA-1.
        builder.PieceHashes = System.Security.Cryptography.SHA1.HashData(new byte[1000]);
#pragma warning restore CA5350
        string torrent = Path.Combine(data, $"{Guid.NewGuid():N}.torrent");
        File.WriteAllBytes(torrent, builder.Build());
        return (torrent, data);
    }
}
