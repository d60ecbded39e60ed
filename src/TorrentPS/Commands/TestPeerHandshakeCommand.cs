using System.Management.Automation;
using System.Net;
using TorrentPS.Arguments;
using TorrentPS.Completion;
using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Values;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Tests whether peers answer for a torrent.</para>
/// <para type="description">Connects to many peers at once, exchanges handshakes, and writes each result as soon as it is known. A peer that cannot be reached is a
/// result, not an error.</para>
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "PeerHandshake", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(PeerHandshake), typeof(bool))]
public sealed class TestPeerHandshakeCommand : NetworkCommand
{
    private const string InputObjectSet = "InputObject";
    private const string AddressSet = "Address";

    /// <summary><para type="description">Peers from Get-TorrentPeer.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true, HelpMessage = "Peers from Get-TorrentPeer.")]
    [ValidateNotNullOrEmpty]
    public TorrentPeer[] InputObject { get; set; } = [];

    /// <summary><para type="description">The peer's IP address or host name.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = AddressSet, ValueFromPipelineByPropertyName = true, HelpMessage = "The peer's IP address or host name.")]
    [ValidateNotNullOrEmpty]
    public string Address { get; set; } = string.Empty;

    /// <summary><para type="description">The peer's TCP port, 1 to 65535.</para></summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = AddressSet, ValueFromPipelineByPropertyName = true, HelpMessage = "The peer's TCP port.")]
    [ValidateRange(1, 65535)]
    public int Port { get; set; }

    /// <summary><para type="description">The info hash of the torrent to ask for, as 40 or 64 hexadecimal digits.</para></summary>
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = AddressSet, ValueFromPipelineByPropertyName = true, HelpMessage = "The info hash to ask for, in hexadecimal.")]
    [ValidateInfoHash]
    public string InfoHash { get; set; } = string.Empty;

    /// <summary><para type="description">The timeout of each peer, from connecting to its reply.</para></summary>
    [Parameter(HelpMessage = "The timeout of each peer in seconds; by default 5.")]
    [ValidateRange(0.01, 4_000_000)]
    public double TimeoutSeconds { get; set; } = 5;

    /// <summary><para type="description">The number of peers to test at once, 1 to 1000.</para></summary>
    [Parameter(HelpMessage = "The number of peers to test at once; by default 64.")]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 64;

    /// <summary><para type="description">Whether connections are encrypted: Prefer tries both kinds.</para></summary>
    [Parameter(HelpMessage = "Prefer tries encrypted and unencrypted connections; Require and Off only one kind.")]
    public EncryptionMode Encryption { get; set; } = EncryptionMode.Prefer;

    /// <summary><para type="description">The transport for connections; TCP by default. Any tries both TCP and uTP, and takes longer for unreachable
    /// peers.</para></summary>
    [Parameter(HelpMessage = "The transport for the connections, Tcp by default; Any tries TCP and uTP.")]
    public PeerTransport Transport { get; set; } = PeerTransport.Tcp;

    /// <summary><para type="description">The only networks whose addresses are connected to or let in as peers: addresses, ranges and prefixes, IPv4 and IPv6.</para></summary>
    [Parameter(HelpMessage = "The only networks that peers may be in: addresses, ranges or prefixes such as 192.168.0.0/16.")]
    [ValidateNotNullOrEmpty]
    [ValidateNetwork]
    [ArgumentCompleter(typeof(OwnNetworkCompleter))]
    public string[] AllowedAddress { get; set; } = [];

    /// <summary><para type="description">IP block-list files, whose addresses are blocked as peers: p2p or dat lists, or addresses and prefixes, plain or
    /// gzip.</para></summary>
    [Parameter(HelpMessage = "IP block-list files: p2p, dat or CIDR lists, plain or gzip.")]
    [ValidateNotNullOrEmpty]
    public string[] IPFilter { get; set; } = [];

    /// <summary><para type="description">Returns true or false for each peer instead of an object.</para></summary>
    [Parameter(HelpMessage = "Returns true or false for each peer instead of an object.")]
    public SwitchParameter Quiet { get; set; }

    private protected override string[] FilterPaths => IPFilter;

    private protected override string[] AllowedNetworks => AllowedAddress;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == AddressSet)
        {
            Test(Address, Port, InfoHash, null);
            return;
        }
        foreach (TorrentPeer peer in InputObject)
            Test(peer.Address, peer.Port, peer.InfoHash, peer);
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Guarded(Pump.Wait);

    private void Test(string address, int port, string infoHash, TorrentPeer? peer)
    {
        object target = peer ?? (object)$"{address}:{port}";
        if (!PeerAddress.TryCreate(address, port, out PeerAddress given) || !Engine.Metainfo.InfoHash.TryParse(infoHash, out InfoHash hash))
        {
            WriteError(ErrorRecords.From(TorrentErrorId.NoPeers, $"'{address}' with port {port} is not the address of a peer. Give an IP address or a host name, and a port from 1 to 65535.", target));
            return;
        }
        TorrentClient client = Client;
        HandshakeOptions options = new() { Timeout = TimeSpan.FromSeconds(TimeoutSeconds), Encryption = Encryption, Transport = Transport };
        // Finished results are written now; slow peers do not delay the peers still to come.
        Guarded(() =>
        {
            Pump.WaitForFewerThan(ThrottleLimit);
            Pump.Start(token => TestAsync(client, given, hash, options, target, token));
            Pump.Drain();
        });
    }

    private async Task TestAsync(TorrentClient client, PeerAddress address, InfoHash infoHash, HandshakeOptions options, object target, CancellationToken cancellationToken)
    {
        try
        {
            IPEndPoint endPoint = await client.LookUpAsync(address, options.Timeout, cancellationToken).ConfigureAwait(false);
            PeerHandshake handshake = await client.TestHandshakeAsync(endPoint, infoHash, options, cancellationToken).ConfigureAwait(false);
            PostObject(Quiet ? handshake.Succeeded : handshake);
        }
        catch (TorrentException exception)
        {
            PostError(exception, target);
        }
    }
}
