using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>Options of a UDP socket for fragmentation and for sending many datagrams in one call, which differ between systems.</summary>
internal sealed class PathOptions
{
    private const int Ip = 0, Ipv6 = 41, Udp = 17; // levels: IPPROTO_IP, IPPROTO_IPV6, SOL_UDP

    private readonly Socket _socket;
    private readonly (int Level, int Name, int Allow, int Forbid)[] _fragmenting;

    public PathOptions(Socket socket)
    {
        _socket = socket;
        _fragmenting = OptionsOf(socket.AddressFamily);
        try
        {
            Fragments = true;
            CanProbe = _fragmenting.Length > 0;
        }
        catch (SocketException)
        {
            _fragmenting = [];
        }

        CanSegment = OperatingSystem.IsLinux();
    }

    /// <summary>Whether datagrams can be sent with fragmentation forbidden.</summary>
    public bool CanProbe { get; }

    /// <summary>Whether many datagrams of one length can be sent in one call.</summary>
    public bool CanSegment { get; set; }

    /// <summary>Whether routers, and this machine, may fragment datagrams from now on.</summary>
    public bool Fragments
    {
        set
        {
            foreach ((int level, int name, int allow, int forbid) in _fragmenting)
                Set(level, name, value ? allow : forbid);
        }
    }

    /// <summary>The length of the datagrams that later sends are split into; 0 disables splitting (UDP_SEGMENT).</summary>
    public void Segment(int length) => Set(Udp, 103, length);

    private void Set(int level, int name, int value) => _socket.SetRawSocketOption(level, name, BitConverter.GetBytes(value));

    private static (int Level, int Name, int Allow, int Forbid)[] OptionsOf(AddressFamily family)
    {
        (int, int, int, int)[] options = [];
        // IP_MTU_DISCOVER and IPV6_MTU_DISCOVER (DONT, PROBE); IP_DONTFRAGMENT and IPV6_DONTFRAG; IP_DONTFRAG and IPV6_DONTFRAG.
        if (OperatingSystem.IsLinux())
            options = [(Ip, 10, 0, 3), (Ipv6, 23, 0, 3)];
        else if (OperatingSystem.IsWindows())
            options = [(Ip, 14, 0, 1), (Ipv6, 14, 0, 1)];
        else if (OperatingSystem.IsMacOS())
            options = [(Ip, 28, 0, 1), (Ipv6, 62, 0, 1)];
        return family == AddressFamily.InterNetworkV6 ? options : [.. options.Where(option => option.Item1 == Ip)];
    }
}
