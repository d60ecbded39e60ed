using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>A range of addresses of one family, as numbers.</summary>
/// <param name="First">The lowest address.</param>
/// <param name="Last">The highest address.</param>
/// <param name="Family">The family.</param>
internal readonly record struct AddressRange(UInt128 First, UInt128 Last, AddressFamily Family);
