using System.Text.Json;
using TorrentPS.Cli.Output;

namespace TorrentPS.Cli.Tests;

public sealed class JsonTests
{
    [Fact]
    public void A_peer_has_the_documented_properties() =>
        AssertNames(JsonLines.Line(Samples.Peer, JsonLines.Default.TorrentPeer), "Address", "Port", "EndPoint", "PeerId", "InfoHash", "TorrentName", "Source", "Tracker");

    [Fact]
    public void A_handshake_has_the_documented_properties() =>
        AssertNames(JsonLines.Line(Samples.Handshake, JsonLines.Default.PeerHandshake), "Address", "Port", "EndPoint", "InfoHash", "Status", "Succeeded", "PeerId", "Client",
            "Reserved", "SupportsExtensions", "SupportsDht", "SupportsFast", "SupportsV2", "Encrypted", "Latency", "Error");

    [Fact]
    public void A_download_has_the_documented_properties() =>
        AssertNames(JsonLines.Line(Samples.Download, JsonLines.Default.TorrentDownload), "Name", "InfoHash", "State", "Path", "Length", "BytesWanted", "BytesCompleted",
            "Downloaded", "Uploaded", "Wasted", "Ratio", "PercentComplete", "DownloadRate", "UploadRate", "PeersConnected", "PeersSeen", "Elapsed", "CompletedAt", "Error");

    [Fact]
    public void Values_are_names_seconds_and_text()
    {
        using JsonDocument handshake = JsonDocument.Parse(JsonLines.Line(Samples.Handshake, JsonLines.Default.PeerHandshake));
        Assert.Equal("Succeeded", handshake.RootElement.GetProperty("Status").GetString());
        Assert.Equal(0.0125, handshake.RootElement.GetProperty("Latency").GetDouble());
        Assert.Equal("[2001:db8::1]:6881", handshake.RootElement.GetProperty("EndPoint").GetString());
        Assert.Equal(JsonValueKind.Null, handshake.RootElement.GetProperty("Error").ValueKind);

        using JsonDocument peer = JsonDocument.Parse(JsonLines.Line(Samples.Peer, JsonLines.Default.TorrentPeer));
        Assert.Equal("http://tracker.example/announce?…", peer.RootElement.GetProperty("Tracker").GetString());
        Assert.Equal("Tracker", peer.RootElement.GetProperty("Source").GetString());

        using JsonDocument download = JsonDocument.Parse(JsonLines.Line(Samples.Download, JsonLines.Default.TorrentDownload));
        Assert.Equal(2.5, download.RootElement.GetProperty("Elapsed").GetDouble());
        Assert.Equal("Downloading", download.RootElement.GetProperty("State").GetString());
    }

    [Fact]
    public void A_line_is_one_line_of_printable_ascii()
    {
        string line = JsonLines.Line(Samples.Handshake with { Client = "a\n\e[31m\u202Eé\u009B" }, JsonLines.Default.PeerHandshake);
        Assert.All(line, c => Assert.InRange(c, ' ', '~'));
    }

    internal static void AssertNames(string line, params string[] names)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        Assert.Subset(document.RootElement.EnumerateObject().Select(property => property.Name).ToHashSet(), names.ToHashSet());
    }
}
